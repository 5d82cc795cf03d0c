import { type Cidr, neverCancelled, PodwireError, parseCidr } from "@podwire/core";
import { FaultPlan, type FaultRule, SeededRandom, VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";
import { blocksOf } from "./blocks.ts";
import { createOwnedNames } from "./owned-name.ts";
import { createAzureProvider } from "./provider.ts";
import { createRouteBackend } from "./route-backend.ts";
import { FakeAzure } from "./testing/fake-azure.ts";

const options = { signal: neverCancelled };
const seeds = Array.from({ length: 25 }, (_, index) => index + 1);
const writes = ["networkInterfaces.createOrUpdate", "routeTables.createOrUpdate"] as const;

/** Every way in which a call goes wrong, often. */
const rules: readonly FaultRule[] = [
  ...writes.flatMap((action): FaultRule[] => [
    { action, when: { probability: 0.15 }, effect: { kind: "fail", code: "PreconditionFailed" } },
    { action, when: { probability: 0.1 }, effect: { kind: "fail", code: "AnotherOperationInProgress" } },
    { action, when: { probability: 0.05 }, effect: { kind: "fail", code: "TooManyRequests", retryAfterMs: 1_000 } },
    { action, when: { probability: 0.1 }, effect: { kind: "partial", atMost: 1 } },
  ]),
  { action: "*", when: { probability: 0.08 }, effect: { kind: "lose-answer" } },
  { action: "*", when: { probability: 0.1 }, effect: { kind: "delay", delayMs: 700, when: "after" } },
];

test.each(seeds)(
  "whatever goes wrong, blocks are told as they are, and the unknown is said to be (seed %i)",
  async (seed) => {
    const { fake, clock, random } = createFake(seed);
    const provider = createAzureProvider({ api: fake.api(), clock, cluster: "blue" });
    const node = fake.nodeRef("vm-1");
    const interfaceId = fake.model.interface("nic-1").id;
    const foreign = fake.model.interface("nic-1").properties.ipConfigurations[0]?.properties.privateIPAddress;
    let believed = new Set<Cidr>();
    for (let step = 0; step < 30; step++) {
      const remove = [...believed].filter(() => random.chance(0.4));
      const add = {
        kind: { family: 4, prefixLength: random.chance(0.3) ? 28 : 32 },
        count: random.integer(5),
      } as const;
      const change = { token: `${seed}-${step}`, node, interfaceId, add, remove };
      const result = await finish(clock, provider.changeBlocks(change, options));
      if (result instanceof PodwireError) {
        if (result.retry === "ask-first") believed = new Set(held(fake));
      } else {
        for (const cidr of result.removed) believed.delete(cidr);
        for (const cidr of result.added) believed.add(cidr);
      }
      expect([...believed].sort(), `after step ${step}: ${result}`).toEqual([...held(fake)].sort());
    }
    const [primary] = fake.model.interface("nic-1").properties.ipConfigurations;
    expect(primary?.properties).toMatchObject({ primary: true, privateIPAddress: foreign });
  },
);

test.each(seeds)("two writers of routes lose nothing, whatever goes wrong (seed %i)", async (seed) => {
  const { fake, clock } = createFake(seed);
  const routeTableId = fake.model.routeTable("table").id;
  const node = fake.nodeRef("vm-1");
  const scope = { clusterName: "blue", networkId: "" };
  const write = async (half: number) => {
    const backend = createRouteBackend({ api: fake.api(), clock, cluster: "blue", routeTableId });
    for (let index = 0; index < 10; index++) {
      const cidr = parseCidr(`10.${half}.${index}.0/24`);
      const change = { token: `${half}-${index}`, scope, put: [{ cidr, node }], remove: [] };
      for (let done = false; !done; ) {
        done = await backend.apply(change, options).then(
          ({ put }) => put.includes(cidr),
          () => false,
        );
        const told = fake.model
          .routeTable("table")
          .properties.routes.some((route) => route.properties.addressPrefix === cidr);
        if (done) expect(told).toBe(true);
      }
    }
  };
  await finish(clock, Promise.all([write(1), write(2)]));
  expect(fake.model.routeTable("table").properties.routes).toHaveLength(20);
});

function held(fake: FakeAzure): readonly Cidr[] {
  return blocksOf(fake.model.interface("nic-1"), createOwnedNames("blue"));
}

/** Time passes until it is done. */
async function finish<T>(clock: VirtualClock, work: Promise<T>): Promise<T | PodwireError> {
  const state = { done: false };
  const settled = work
    .catch((thrown: unknown) => {
      if (thrown instanceof PodwireError) return thrown;
      throw thrown;
    })
    .finally(() => {
      state.done = true;
    });
  while (!state.done) await clock.advance(500);
  return settled;
}

function createFake(seed: number) {
  const random = new SeededRandom(seed);
  const clock = new VirtualClock();
  const faults = new FaultPlan(rules, random.fork());
  const scenario = {
    virtualNetworks: [
      { name: "net", addressPrefixes: ["10.0.0.0/16"], subnets: [{ name: "nodes", addressPrefixes: ["10.0.0.0/25"] }] },
    ],
    virtualMachines: [{ name: "vm-1", networkInterfaces: [{ name: "nic-1", subnet: "net/nodes" }] }],
    routeTables: [{ name: "table" }],
  };
  const behaviour = { operationMs: 300, refusesInOperation: seed % 2 === 0 };
  return { fake: new FakeAzure({ scenario, clock, faults, behaviour }), clock, random };
}
