import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import {
  type Address,
  type Cidr,
  cidrSize,
  containsAddress,
  containsCidr,
  familyOf,
  networkAddress,
  parseCidr,
} from "@podwire/core";
import { describePrimary, never, stepsOn } from "./contract-steps.ts";
import type { PlaceTest, ProviderPlace } from "./provider-contract.ts";

/** Gateways of IPv6 may be link-local addresses, which are in no subnet. */
const linkLocal = parseCidr("fe80::/10");

/** limits, network, describe. */
export function testFacts(test: PlaceTest): void {
  testLimits(test);
  testNetwork(test);
  testDescribe(test);
}

function testLimits(test: PlaceTest): void {
  test("limits are whole numbers that leave room for pods", async ({ provider, node }) => {
    const limits = await provider.limits(node, never);
    assert.ok(Number.isInteger(limits.maxInterfaces) && limits.maxInterfaces >= 1);
    for (const family of [4, 6] as const) {
      const blocks = limits.blocksPerInterface[family];
      assert.ok(Number.isInteger(blocks) && blocks >= 0);
      const offered = provider.capabilities.blockKinds.some((kind) => kind.family === family);
      assert.ok(blocks === 0 || offered, `IPv${family} has ${blocks} blocks and is not offered`);
    }
    assert.ok(limits.blocksPerInterface[4] + limits.blocksPerInterface[6] > 0);
    for (const kind of limits.blockKinds ?? []) {
      assert.ok(provider.capabilities.blockKinds.some((one) => isDeepStrictEqual(one, kind)));
    }
    assert.deepEqual(await provider.limits(node, never), limits);
  });
}

function testNetwork(test: PlaceTest): void {
  test("the network's subnets are in the node's zone and inside the network", async ({ provider, node }) => {
    const { vpcCidrs, subnets, mtuBytes } = await provider.network(node, never);
    assert.ok(mtuBytes >= 1280 && vpcCidrs.length > 0 && subnets.length > 0);
    for (const subnet of subnets) {
      assert.equal(subnet.zone, node.zone);
      for (const cidr of subnet.cidrs) assert.ok(vpcCidrs.some((whole) => containsCidr(whole, cidr)));
      for (const gateway of Object.values(subnet.gateways)) {
        assert.ok(isIn([...subnet.cidrs, linkLocal], gateway), `${gateway} is outside ${subnet.id}`);
      }
    }
  });

  test("free addresses of a subnet follow what is added", async (place) => {
    const before = await freeAddresses(place);
    const { added } = await (await stepsOn(place)).add(3);
    const taken = added.reduce((sum, cidr) => sum + Number(cidrSize(cidr)), 0);
    if (before !== undefined) assert.equal(await freeAddresses(place), before - taken);
  });
}

function testDescribe(test: PlaceTest): void {
  test("a snapshot carries the time from before the first call", async (place) => {
    const arrived = place.stall("describe");
    const beforeMs = place.clock.bootMs();
    const described = place.provider.describe(place.node, never);
    await arrived;
    await place.clock.advance(1_000);
    assert.equal((await described).startedAtMs, beforeMs);
  });

  test("the primary interface is the node's and ours", async (place) => {
    const primary = await describePrimary(place);
    assert.equal(primary.owner, "ours");
    assert.equal(primary.mac, place.node.primaryMac);
    assert.ok(primary.primaryAddresses.includes(place.node.primaryAddress));
    assert.deepEqual(primary.blocks, []);
  });

  test("an interface of somebody else is shown as foreign", async ({ provider, node, foreignInterfaceId }) => {
    const { interfaces } = await provider.describe(node, never);
    const foreign = interfaces.find((own) => own.id === foreignInterfaceId);
    assert.equal(foreign?.owner, "foreign");
    assert.equal(foreign?.role, "secondary");
  });

  test("interfaces have distinct ids and MAC addresses, and addresses of their subnet", async ({ provider, node }) => {
    const { interfaces } = await provider.describe(node, never);
    const { subnets } = await provider.network(node, never);
    assert.equal(new Set(interfaces.map((own) => own.id)).size, interfaces.length);
    assert.equal(new Set(interfaces.map((own) => own.mac)).size, interfaces.length);
    for (const own of interfaces) {
      const cidrs = subnets.find((subnet) => subnet.id === own.subnetId)?.cidrs ?? [];
      for (const address of [...own.primaryAddresses, ...own.blocks.map(networkAddress)]) {
        assert.ok(isIn(cidrs, address), `${address} of ${own.id} is outside its subnet`);
      }
      for (const gateway of gatewaysOf(own.gateways)) assert.ok(isIn([...cidrs, linkLocal], gateway));
      assert.equal(new Set(own.primaryAddresses.map(familyOf)).size, own.primaryAddresses.length);
    }
  });
}

async function freeAddresses({ provider, node }: ProviderPlace): Promise<number | undefined> {
  const { interfaces } = await provider.describe(node, never);
  const { subnets } = await provider.network(node, never);
  return subnets.find((subnet) => subnet.id === interfaces[0]?.subnetId)?.freeAddresses;
}

function gatewaysOf(gateways: Readonly<Partial<Record<4 | 6, Address>>>): readonly Address[] {
  return Object.values(gateways);
}

function isIn(cidrs: readonly Cidr[], address: Address): boolean {
  return cidrs.some((cidr) => containsAddress(cidr, address));
}
