import { type Address, type Cidr, cidrOf, hostCidr, parseAddress, parseCidr, parseMac } from "@podwire/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FabricPlan, planFabric, type Standing } from "./plan.ts";
import { deliveries, type FabricInterface, type FabricState, routerLinkName } from "./state.ts";

const eth0: FabricInterface = {
  id: "eni-0",
  mac: parseMac("02:00:00:00:00:10"),
  node: "node-a",
  ifName: "eth0",
  gateways: { 4: parseAddress("10.0.0.1") },
  subnetCidrs: [parseCidr("10.0.0.0/24")],
  primaryAddresses: [parseAddress("10.0.0.10")],
  blocks: [parseCidr("10.0.0.77/32")],
};
const eth1: FabricInterface = { ...eth0, id: "eni-1", ifName: "eth1", primaryAddresses: [], blocks: [] };
const nothing: Standing = { nodes: new Set(), interfaces: new Map(), deliveries: new Map() };
const both: FabricState = { nodes: ["node-a"], interfaces: [eth0, eth1], routes: [] };

describe("planning a fabric", () => {
  it("does nothing when nothing differs", () => {
    expect(Object.values(planFabric(standing(both), structuredClone(both))).flat()).toEqual([]);
  });

  it("makes nodes, interfaces and all they deliver from nothing", () => {
    const plan = planFabric(nothing, both);
    expect(plan.addNodes).toEqual(["node-a"]);
    expect(plan.plug).toEqual([eth0, eth1]);
    expect(plan.startDeliveries.map(({ cidr }) => cidr)).toEqual(["10.0.0.10/32", "10.0.0.77/32"]);
  });

  it("ends a delivery and keeps the link when an address is unassigned", () => {
    const plan = planFabric(standing(both), { ...both, interfaces: [{ ...eth0, blocks: [] }, eth1] });
    expect(plan.endDeliveries.map(({ cidr }) => cidr)).toEqual(["10.0.0.77/32"]);
    expect([plan.unplug, plan.plug, plan.startDeliveries]).toEqual([[], [], []]);
  });

  it("ends a delivery before it starts on another interface", () => {
    const moved = [
      { ...eth0, blocks: [] },
      { ...eth1, blocks: eth0.blocks },
    ];
    const plan = planFabric(standing(both), { ...both, interfaces: moved });
    expect(plan.endDeliveries.map((each) => [each.cidr, each.interface.id])).toEqual([["10.0.0.77/32", "eni-0"]]);
    expect(plan.startDeliveries.map((each) => [each.cidr, each.interface.id])).toEqual([["10.0.0.77/32", "eni-1"]]);
  });

  it("leaves the routes of an unplugged interface to the kernel", () => {
    const plan = planFabric(standing(both), { ...both, interfaces: [eth1] });
    expect(plan.unplug).toEqual([eth0]);
    expect(plan.endDeliveries).toEqual([]);
  });

  it.each<[string, Partial<FabricInterface>]>([
    ["its MAC", { mac: parseMac("02:00:00:00:00:99") }],
    ["its node", { node: "node-b" }],
    ["its name", { ifName: "eth9" }],
    ["its primary address", { primaryAddresses: [parseAddress("10.0.0.11")] }],
    ["its gateway", { gateways: {} }],
  ])("plugs an interface anew when it changes %s", (_, change) => {
    const plan = planFabric(standing(both), { ...both, interfaces: [{ ...eth0, ...change }, eth1] });
    expect(plan.unplug).toEqual([eth0]);
    expect(plan.plug.map(({ id }) => id)).toEqual(["eni-0"]);
    expect(plan.startDeliveries.map(({ cidr }) => cidr)).toContain("10.0.0.77/32");
  });

  it("delivers a routed CIDR to its interface", () => {
    const plan = planFabric(standing(both), {
      ...both,
      routes: [{ cidr: parseCidr("10.8.1.0/24"), interfaceId: "eni-1" }],
    });
    expect(plan.startDeliveries).toEqual([{ cidr: "10.8.1.0/24", interface: eth1 }]);
  });

  it.each<[string, FabricState]>([
    ["one address on two interfaces", { ...both, interfaces: [eth0, { ...eth1, blocks: eth0.blocks }] }],
    ["a route to an absent interface", { ...both, routes: [{ cidr: parseCidr("10.8.0.0/24"), interfaceId: "gone" }] }],
  ])("refuses %s", (_, state) => {
    expect(() => planFabric(nothing, state)).toThrow(expect.objectContaining({ code: "CLOUD_CONFLICT" }));
  });

  it("leads from any state to any other", () => {
    fc.assert(
      fc.property(anyState, anyState, (from, to) => {
        expect(visible(carriedOut(standing(from), planFabric(standing(from), to)))).toEqual(visible(standing(to)));
      }),
    );
  });
});

it("names the router's ends so that the kernel takes them, one name for one interface", () => {
  const names = Array.from({ length: 500 }, (_, index) => routerLinkName(`eni-0123456789abcdef${index}`));
  expect(new Set(names).size).toBe(500);
  expect(names.every((name) => name.length <= 15)).toBe(true);
});

const anyInterface = fc.record({
  ordinal: fc.integer({ min: 0, max: 4 }),
  node: fc.constantFrom("a", "b"),
  blocks: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
});

/** Up to five interfaces on two nodes; a block goes to the first that wants it. */
const anyState = fc.uniqueArray(anyInterface, { selector: ({ ordinal }) => ordinal }).map((drafts): FabricState => {
  const taken = new Set<number>();
  const interfaces = drafts.map(({ ordinal, node, blocks }): FabricInterface => {
    const free = blocks.filter((block) => !taken.has(block));
    for (const block of free) taken.add(block);
    return {
      ...eth0,
      id: `eni-${ordinal}`,
      node,
      primaryAddresses: [numbered(100 + ordinal)],
      blocks: free.map(block),
    };
  });
  return { nodes: [...new Set(interfaces.map(({ node }) => node))], interfaces, routes: [] };
});

function block(index: number): Cidr {
  return index % 2 === 0 ? hostCidr(numbered(index)) : cidrOf(parseAddress(`10.0.${index}.0`), 28);
}

function numbered(index: number): Address {
  return parseAddress(`10.0.0.${index}`);
}

function standing(state: FabricState): Standing {
  return {
    nodes: new Set(state.nodes),
    interfaces: new Map(state.interfaces.map((each) => [each.id, each])),
    deliveries: deliveries(state),
  };
}

/** The steps carried out as a kernel would: it refuses what is there twice, and routes end with their link. */
function carriedOut(before: Standing, plan: FabricPlan): Standing {
  const [nodes, interfaces, routes] = [new Set(before.nodes), new Map(before.interfaces), new Map(before.deliveries)];
  for (const { cidr } of plan.endDeliveries) expect(routes.delete(cidr)).toBe(true);
  for (const { id } of plan.unplug) {
    expect(interfaces.delete(id)).toBe(true);
    for (const [cidr, { interface: owner }] of routes) if (owner.id === id) routes.delete(cidr);
  }
  for (const name of plan.removeNodes) expect(nodes.delete(name)).toBe(true);
  for (const name of plan.addNodes) nodes.add(name);
  for (const owner of plan.plug) {
    expect(nodes.has(owner.node) && !interfaces.has(owner.id)).toBe(true);
    interfaces.set(owner.id, owner);
  }
  for (const delivery of plan.startDeliveries) {
    expect(interfaces.has(delivery.interface.id) && !routes.has(delivery.cidr)).toBe(true);
    routes.set(delivery.cidr, delivery);
  }
  return { nodes, interfaces, deliveries: routes };
}

/** What the kernel shows of it: an interface that stays may carry something else now. */
function visible({ nodes, interfaces, deliveries: routes }: Standing) {
  return {
    nodes,
    interfaces: new Map([...interfaces.values()].map(({ id, node }) => [id, node])),
    routes: new Map([...routes.values()].map(({ cidr, interface: owner }) => [cidr, owner.id])),
  };
}
