import assert from "node:assert/strict";
import { type BlockKind, type BlockRequest, hostCidr, parseCidr } from "@podwire/core";
import { describePrimary, never, newToken, rejection } from "./contract-steps.ts";
import type { PlaceTest, ProviderPlace } from "./provider-contract.ts";

const everyKind: readonly BlockKind[] = [
  { family: 4, prefixLength: 32 },
  { family: 4, prefixLength: 28 },
  { family: 6, prefixLength: 128 },
  { family: 6, prefixLength: 80 },
];

/** What is not among the capabilities is refused, never ignored. */
export function testRefusedCapabilities(test: PlaceTest): void {
  test("a kind of block that is not offered is refused, and nothing reaches the cloud", async (place) => {
    const offered = place.provider.capabilities.blockKinds;
    for (const kind of everyKind) {
      if (offered.some((own) => own.family === kind.family && own.prefixLength === kind.prefixLength)) continue;
      await assertAddRefused(place, { kind, count: 1 });
    }
  });

  test("removing a block of a kind that is not offered is refused", async (place) => {
    const { id: interfaceId } = await describePrimary(place);
    const change = { token: newToken(), node: place.node, interfaceId, remove: [parseCidr("10.0.0.0/27")] };
    await rejection(place.provider.changeBlocks(change, never), "NOT_SUPPORTED");
  });

  test("addresses of the caller's choice are refused where they are not offered", async (place) => {
    if (place.provider.capabilities.specificAddresses) return;
    await assertAddRefused(place, { cidrs: [hostCidr(place.node.primaryAddress)] });
  });

  test("interfaces are neither created, deleted nor swept where that is not offered", async ({ provider, node }) => {
    const scope = { clusterName: "contract", networkId: node.networkId };
    const request = {
      token: newToken(),
      node,
      scope,
      pool: "default",
      subnetId: "subnet-1",
      securityGroupIds: [],
      add: [],
    };
    if (!provider.capabilities.createInterface) {
      await rejection(provider.createInterface(request, never), "NOT_SUPPORTED");
      await rejection(provider.deleteInterface({ id: "eni-0123456789abcdef0", node }, never), "NOT_SUPPORTED");
    }
    if (!provider.capabilities.orphans) await rejection(provider.orphans(scope, never), "NOT_SUPPORTED");
  });
}

async function assertAddRefused(place: ProviderPlace, add: BlockRequest): Promise<void> {
  const { id: interfaceId } = await describePrimary(place);
  const before = place.mutationCount();
  const change = { token: newToken(), node: place.node, interfaceId, add };
  await rejection(place.provider.changeBlocks(change, never), "NOT_SUPPORTED");
  assert.equal(place.mutationCount(), before);
}
