import { existsSync } from "node:fs";
import {
  type Address,
  addressBits,
  families,
  familyOf,
  hostCidr,
  parseAddress,
  parseCidr,
  parseMac,
} from "@podwire/core";
import {
  addRule,
  createNetns,
  deleteNetns,
  type Netlink,
  openNetlink,
  replaceAddr,
  replaceRoute,
  setLink,
} from "@podwire/linux";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createProbes, type Probe } from "../probe/probe.ts";
import { createFabric, type Fabric } from "./fabric.ts";
import type { OutsideHost } from "./network.ts";
import { queryNft } from "./nft.ts";
import type { FabricInterface, FabricState } from "./state.ts";

const routerPath = "/run/netns/fabtest-router";
const metadata = [parseAddress("169.254.169.254"), parseAddress("fd00:ec2::254")];
const gateways = { 4: parseAddress("10.0.1.1"), 6: parseAddress("fe80::1") };
const subnetCidrs = [parseCidr("10.0.1.0/24"), parseCidr("2001:db8:0:1::/64")];
const echoPort = 7007;

const aEth0 = drafted("a", "eth0", ["10.0.1.10", "2001:db8:0:1::10"]);
const bEth0 = drafted("b", "eth0", ["10.0.1.20", "2001:db8:0:1::20"]);
const aEth1 = drafted("a", "eth1", ["10.0.1.11"]);
const outside: OutsideHost = {
  mac: parseMac("02:00:00:00:0f:00"),
  node: "fabtest-outside",
  ifName: "eth0",
  gateways: { 4: parseAddress("198.51.100.1"), 6: parseAddress("fe80::1") },
  subnetCidrs: [parseCidr("198.51.100.0/24"), parseCidr("2001:db8:ff::/64")],
  primaryAddresses: [parseAddress("198.51.100.9"), parseAddress("2001:db8:ff::9")],
};

/** Addresses "of pods": configured on the loopback of a node, those of a sent out by eth1. */
const pods = {
  a: ["10.0.1.101", "10.0.1.115", "2001:db8:0:1:a::101", "10.8.1.5"].map((text) => parseAddress(text)),
  b: ["10.0.1.201", "10.0.1.235", "2001:db8:0:1:b::201", "10.8.2.5"].map((text) => parseAddress(text)),
} as const;

const bare: FabricState = { nodes: ["fabtest-a", "fabtest-b"], interfaces: [aEth0, bEth0, aEth1], routes: [] };

const probes = createProbes();
let fabric: Fabric;
let from: Record<"a" | "b" | "outside" | "router", Probe>;

beforeAll(async () => {
  createNetns(routerPath);
  fabric = await createFabric({ routerNetnsPath: routerPath, services: metadata, outside });
  await fabric.converge({ ...bare, interfaces: [aEth0, bEth0] });
  await fabric.boot(aEth0.id);
  await fabric.boot(bEth0.id);
  await fabric.converge(bare);
  await inNode("a", (netlink) => configurePods(netlink, pods.a, "eth1"));
  await inNode("b", (netlink) => configurePods(netlink, pods.b, "eth0"));
  const paths = [
    fabric.netnsPath("fabtest-a"),
    fabric.netnsPath("fabtest-b"),
    fabric.netnsPath(outside.node),
    routerPath,
  ];
  const [a, b, beyond, router] = (await Promise.all(paths.map(probes.start))) as [Probe, Probe, Probe, Probe];
  from = { a, b, outside: beyond, router };
  await Promise.all([
    a.listen([...aEth0.primaryAddresses, ...pods.a], echoPort),
    b.listen([...bEth0.primaryAddresses, ...pods.b], echoPort),
    beyond.listen(outside.primaryAddresses, echoPort),
    router.listen(metadata, echoPort),
  ]);
});

afterAll(async () => {
  await probes.close();
  await fabric?.close();
  deleteNetns(routerPath);
});

beforeEach(() => fabric.converge(bare));

describe("primary addresses", () => {
  it.each([0, 1])("reach each other, seen as themselves (family %#)", async (family) => {
    const [own, other] = [aEth0.primaryAddresses[family] ?? "", bEth0.primaryAddresses[family] ?? ""];
    expect(await seenFrom("a", other)).toBe(own);
    expect(await seenFrom("b", own)).toBe(other);
  });

  it.each([0, 1])("reach the outside and are reached from there (family %#)", async (family) => {
    const [own, beyond] = [aEth0.primaryAddresses[family] ?? "", outside.primaryAddresses[family] ?? ""];
    expect(await seenFrom("a", beyond)).toBe(own);
    expect(await seenFrom("outside", own)).toBe(beyond);
  });

  it.each([0, 1])("reach the metadata service (family %#)", async (family) => {
    expect(await seenFrom("a", metadata[family] ?? "")).toBe(aEth0.primaryAddresses[family]);
  });
});

it("what a machine forwards leaves it at once after its link went down and up, also by IPv6", async () => {
  await fabric.converge(withBlocks({ "eth0 of b": "2001:db8:0:1:b::/80" }));
  await inNode("b", (netlink) => netlink.apply([setLink("eth0", { up: false })]));
  await fabric.boot(bEth0.id);
  const reach = { protocol: "udp", address: aEth0.primaryAddresses[1] ?? "", port: echoPort, timeoutMs: 800 } as const;
  expect(await from.b.reach({ ...reach, from: pods.b[2] ?? "" })).toMatchObject({ reached: true });
});

describe.each([
  ["one address", 0, "10.0.1.101/32", "10.0.1.201/32"],
  ["a prefix of IPv4", 1, "10.0.1.112/28", "10.0.1.224/28"],
  ["a prefix of IPv6", 2, "2001:db8:0:1:a::/80", "2001:db8:0:1:b::/80"],
])("%s of a secondary and one of a primary interface", (_, index, aBlock, bBlock) => {
  const aPod = pods.a[index] ?? "";
  const bPod = pods.b[index] ?? "";

  it("is blocked while nothing, or only the source, is assigned", async () => {
    expect(await blocked("a", bPod, aPod)).toBe("timeout");
    await fabric.converge(withBlocks({ "eth1 of a": aBlock }));
    expect(await blocked("a", bPod, aPod)).toBe("timeout");
  });

  it("works in both directions while both are assigned, and no longer", async () => {
    await fabric.converge(withBlocks({ "eth1 of a": aBlock, "eth0 of b": bBlock }));
    expect(await seenFrom("a", bPod, aPod)).toBe(aPod);
    expect(await seenFrom("b", aPod, bPod)).toBe(bPod);
    await fabric.converge(withBlocks({ "eth0 of b": bBlock }));
    expect(await blocked("a", bPod, aPod)).toBe("timeout");
    expect(await blocked("b", aPod, bPod)).toBe("timeout");
  });

  it("is blocked when it is assigned to another interface than it uses", async () => {
    await fabric.converge(withBlocks({ "eth0 of a": aBlock, "eth0 of b": bBlock }));
    expect(await blocked("a", bPod, aPod)).toBe("timeout");
  });
});

it("keeps secondary addresses from the metadata service, IPv4 ones also from the internet", async () => {
  await fabric.converge(withBlocks({ "eth0 of b": "10.0.1.201/32" }));
  const before = await fabric.drops();
  expect(await blocked("b", metadata[0] ?? "", "10.0.1.201")).toBe("timeout");
  expect(await blocked("b", outside.primaryAddresses[0] ?? "", "10.0.1.201")).toBe("timeout");
  expect(await blocked("outside", "10.0.1.201")).toBe("timeout");
  const after = await fabric.drops();
  expect(after["not-a-service"]).toBeGreaterThan(before["not-a-service"]);
  expect(after["internet-gateway"]).toBeGreaterThan(before["internet-gateway"]);
});

it("drops a source that is not assigned and a destination that nobody has, and counts both", async () => {
  const before = await fabric.drops();
  expect(await blocked("b", aEth0.primaryAddresses[0] ?? "", "10.0.1.201")).toBe("timeout");
  expect(await blocked("b", "10.0.1.99")).toBe("timeout");
  const after = await fabric.drops();
  expect(after["source-check"]).toBeGreaterThan(before["source-check"]);
  expect(after.undeliverable).toBeGreaterThan(before.undeliverable);
});

it("delivers a routed CIDR exactly while its route stands", async () => {
  const toA = { cidr: parseCidr("10.8.1.0/24"), interfaceId: aEth1.id };
  const toB = { cidr: parseCidr("10.8.2.0/24"), interfaceId: bEth0.id };
  for (const routes of [[], [toA]]) {
    await fabric.converge({ ...bare, routes });
    expect(await blocked("a", "10.8.2.5", "10.8.1.5")).toBe("timeout");
  }
  await fabric.converge({ ...bare, routes: [toA, toB] });
  expect(await seenFrom("a", "10.8.2.5", "10.8.1.5")).toBe("10.8.1.5");
  await fabric.converge({ ...bare, routes: [toA] });
  expect(await blocked("a", "10.8.2.5", "10.8.1.5")).toBe("timeout");
});

describe("hot-plugging", () => {
  const eth2 = drafted("b", "eth2", ["10.0.1.22"]);

  it("shows the node a new link with the cloud's MAC, down and without addresses, and takes it away again", async () => {
    await fabric.converge({ ...bare, interfaces: [...bare.interfaces, eth2] });
    const plugged = await inNode("b", async (netlink) => {
      const link = await netlink.link("eth2");
      return { link, addrs: (await netlink.addrs()).filter(({ ifIndex }) => ifIndex === link?.index) };
    });
    expect(plugged).toMatchObject({ link: { mac: eth2.mac, up: false, mtuBytes: 9001 }, addrs: [] });
    await fabric.converge(bare);
    expect(await inNode("b", (netlink) => netlink.link("eth2"))).toBeUndefined();
  });

  it("leaves no half of an interface whose name the node has taken, and goes on when it is free", async () => {
    const clash = { ...eth2, id: "eni-clash", ifName: "eth0" };
    const state = { ...bare, interfaces: [...bare.interfaces, clash] };
    await expect(fabric.converge(state)).rejects.toMatchObject({ code: "KERNEL_REFUSED" });
    await fabric.converge({ ...state, interfaces: [...bare.interfaces, { ...clash, ifName: "eth3" }] });
    expect(await inNode("b", (netlink) => netlink.link("eth3"))).toMatchObject({ mac: eth2.mac });
  });
});

it("refuses a state that gives one address to two interfaces, and changes nothing", async () => {
  const twice = withBlocks({ "eth0 of a": "10.0.1.201/32", "eth0 of b": "10.0.1.201/32" });
  await expect(fabric.converge(twice)).rejects.toMatchObject({ code: "CLOUD_CONFLICT" });
  expect(await seenFrom("a", bEth0.primaryAddresses[0] ?? "")).toBe(aEth0.primaryAddresses[0]);
});

it.each(["../escape", "", "a/b", "A", `a${"b".repeat(63)}`])("refuses a machine named %j", async (name) => {
  await expect(fabric.converge({ ...bare, nodes: [...bare.nodes, name] })).rejects.toMatchObject({
    code: "INVALID_NETNS",
  });
});

it("carries out the last of many states that come at once", async () => {
  const states = ["10.0.1.101/32", "10.0.1.102/32", "10.0.1.103/32"].map((cidr) => withBlocks({ "eth0 of a": cidr }));
  await Promise.all(states.map(fabric.converge));
  const router = openNetlink({ netnsPath: routerPath });
  const routes = (await router.routes({ family: 4, protocol: 4 })).map(({ destination }) => destination);
  router.close();
  expect(routes.filter((cidr) => cidr.startsWith("10.0.1.10")).sort()).toEqual(["10.0.1.10/32", "10.0.1.103/32"]);
});

describe("closing", () => {
  const path = "/run/netns/fabtest-short-router";
  const host = { ...outside, node: "fabtest-short-outside" };
  const hostPath = `/run/netns/${host.node}`;
  const options = { routerNetnsPath: path, services: metadata, outside: host };
  let before: Awaited<ReturnType<typeof contents>>;

  beforeEach(async () => {
    createNetns(path);
    const netlink = openNetlink({ netnsPath: path });
    await netlink.apply([setLink("lo", { up: true })]);
    netlink.close();
    before = await contents(path);
  });
  afterEach(() => {
    deleteNetns(hostPath);
    deleteNetns(path);
  });

  it("leaves no namespace, link, address, route or table", async () => {
    const short = await createFabric(options);
    await short.converge({
      nodes: ["fabtest-short"],
      interfaces: [{ ...aEth0, node: "fabtest-short", blocks: [parseCidr("10.0.1.101/32")] }],
      routes: [],
    });
    expect(await contents(path)).not.toEqual(before);
    await short.close();
    expect(await contents(path)).toEqual(before);
    expect([short.netnsPath("fabtest-short"), hostPath].filter((made) => existsSync(made))).toEqual([]);
  });

  it("takes back a fabric that could not be made whole, and no more than that", async () => {
    createNetns(hostPath);
    await expect(createFabric(options)).rejects.toMatchObject({ code: "KERNEL_REFUSED" });
    expect(await contents(path)).toEqual(before);
    expect(existsSync(hostPath)).toBe(true);
  });
});

function drafted(node: string, ifName: string, addresses: readonly string[]): FabricInterface {
  return {
    id: `${ifName} of ${node}`,
    mac: parseMac(`02:00:00:00:0${node}:0${ifName.at(-1)}`),
    node: `fabtest-${node}`,
    ifName,
    gateways,
    subnetCidrs,
    primaryAddresses: addresses.map((text) => parseAddress(text)),
    blocks: [],
  };
}

function withBlocks(blocks: Readonly<Record<string, string>>): FabricState {
  const interfaces = bare.interfaces.map((each) => {
    const block = blocks[each.id];
    return block === undefined ? each : { ...each, blocks: [parseCidr(block)] };
  });
  return { ...bare, interfaces };
}

/** As whom the target sees us, or why it could not be reached. */
async function seenFrom(place: keyof typeof from, address: string, source?: string): Promise<string> {
  const result = await attempt(place, address, { source, timeoutMs: 5_000 });
  return result.reached ? result.seenAs : result.why;
}

/** "timeout": nothing came back. A deadline this short can hide a failure of blocking, never make one up. */
async function blocked(place: keyof typeof from, address: string, source?: string): Promise<string> {
  const result = await attempt(place, address, { source, timeoutMs: 200 });
  return result.reached ? `reached as ${result.seenAs}` : result.why;
}

function attempt(place: keyof typeof from, address: string, { source, timeoutMs }: AttemptOptions) {
  const target = { protocol: "udp", address, port: echoPort, timeoutMs } as const;
  return from[place].reach(source === undefined ? target : { ...target, from: source });
}

interface AttemptOptions {
  readonly source: string | undefined;
  readonly timeoutMs: number;
}

async function inNode<Result>(node: "a" | "b", work: (netlink: Netlink) => Promise<Result>): Promise<Result> {
  const netlink = openNetlink({ netnsPath: fabric.netnsPath(`fabtest-${node}`) });
  try {
    return await work(netlink);
  } finally {
    netlink.close();
  }
}

async function configurePods(netlink: Netlink, addresses: readonly Address[], ifName: string): Promise<void> {
  const [lo, link] = [await netlink.link("lo"), await netlink.link(ifName)];
  const [loIndex, ifIndex] = [lo?.index ?? 0, link?.index ?? 0];
  const table = 101;
  const routes = (["0.0.0.0/0", "::/0"] as const).map((text) => {
    const gateway = text === "::/0" ? gateways[6] : gateways[4];
    const destination = parseCidr(text);
    return replaceRoute({ table, type: "unicast", protocol: 4, destination, ifIndex, gateway, onlink: true });
  });
  await netlink.apply([
    setLink(ifIndex, { up: true }),
    ...addresses.map((address) => {
      const prefixLength = addressBits(familyOf(address));
      return replaceAddr({ ifIndex: loIndex, address, prefixLength, protocol: 0 }, { noDad: true });
    }),
    ...routes,
    ...addresses.map((address) =>
      addRule({ family: familyOf(address), priority: 500, table, protocol: 4, source: hostCidr(address) }),
    ),
  ]);
}

/** What a namespace holds that a fabric could leave behind. */
async function contents(path: string) {
  const netlink = openNetlink({ netnsPath: path });
  try {
    const links = await netlink.links();
    const addrs = (await netlink.addrs()).filter(({ protocol }) => protocol !== 1);
    const routes = await Promise.all(families.map((family) => netlink.routes({ family, protocol: 4 })));
    const tables = await queryNft(path, ["list", "tables"]);
    return { links: links.map(({ name }) => name), addrs, routes, tables };
  } finally {
    netlink.close();
  }
}
