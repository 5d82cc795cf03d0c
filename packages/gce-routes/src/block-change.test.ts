import { type BlockChange, neverCancelled, parseCidr } from "@podwire/core";
import { FaultPlan, type FaultRule, VirtualClock } from "@podwire/testkit";
import { describe, expect, test } from "vitest";
import { createGceProvider } from "./provider.ts";
import { FakeGce, type FakeGceOptions, type ScenarioInput } from "./testing/index.ts";

const options = { signal: neverCancelled };
const single = { family: 4, prefixLength: 32 } as const;
const block = { family: 4, prefixLength: 28 } as const;
const services = { ipCidrRange: "10.8.0.0/28", subnetworkRangeName: "services" };
const update = "instances.updateNetworkInterface";

const scenario: ScenarioInput = {
  networks: [{ name: "main" }, { name: "storage" }],
  subnetworks: [
    {
      name: "nodes",
      network: "main",
      region: "europe-west1",
      ipCidrRange: "10.0.0.0/24",
      secondaryIpRanges: [
        { rangeName: "pods", ipCidrRange: "10.4.0.0/20" },
        { rangeName: "services", ipCidrRange: "10.8.0.0/24" },
      ],
    },
    { name: "disks", network: "storage", region: "europe-west1", ipCidrRange: "192.168.0.0/24" },
  ],
  instances: [
    {
      name: "node-1",
      zone: "europe-west1-b",
      networkInterfaces: [
        { subnetwork: "nodes", aliasIpRanges: [services, { ipCidrRange: "10.0.0.64/28" }] },
        { subnetwork: "disks" },
      ],
    },
  ],
};
const foreign = [services, { ipCidrRange: "10.0.0.64/28" }];

function open(rules: readonly FaultRule[] = [], more: Partial<FakeGceOptions> = {}) {
  const clock = new VirtualClock();
  const fake = new FakeGce({ scenario, clock, faults: new FaultPlan(rules), ...more });
  const provider = createGceProvider({ api: fake.api(), clock });
  const apply = (what: Partial<BlockChange>) => {
    const token = `token ${fake.log.calls.length}`;
    return provider.changeBlocks({ token, node: fake.nodeRef("node-1"), interfaceId: "nic0", ...what }, options);
  };
  const held = () => fake.model.instance("node-1").networkInterfaces[0]?.aliasIpRanges;
  return { clock, fake, provider, apply, held };
}

test("110 pods on an empty node cost one call that changes something, in blocks or single addresses", async () => {
  for (const add of [
    { kind: block, count: 7 },
    { kind: single, count: 110 },
  ]) {
    const { fake, apply } = open();
    expect((await apply({ add })).added).toHaveLength(add.count);
    expect(fake.log.counts()).toEqual({ "instances.get": 2, [update]: 1, "zoneOperations.wait": 1 });
  }
});

test("alias ranges of others stay, down to the last block", async () => {
  const { apply, held } = open();
  const { added } = await apply({ add: { kind: block, count: 2 } });
  expect(held()).toHaveLength(4);
  expect(await apply({ remove: added })).toEqual({ added: [], removed: added });
  expect(held()).toEqual(foreign);
});

test("a range of the pods' own that is of another size is nobody's block", async () => {
  const { fake, provider, apply, held } = open();
  const big = { ipCidrRange: "10.4.1.0/24", subnetworkRangeName: "pods" };
  fake.model.setAliasRanges("node-1", "nic0", [...foreign, big]);
  const { interfaces } = await provider.describe(fake.nodeRef("node-1"), options);
  expect(interfaces[0]?.blocks).toEqual([]);
  await apply({ add: { kind: single, count: 1 } });
  expect(held()).toContainEqual(big);
});

test("neither a range of others nor another interface is touched: CLOUD_CONFLICT", async () => {
  const { fake, apply } = open();
  const remove = [parseCidr("10.8.0.0/28")];
  await expect(apply({ remove })).rejects.toMatchObject({ code: "CLOUD_CONFLICT" });
  const add = { kind: single, count: 1 };
  await expect(apply({ add, interfaceId: "nic1" })).rejects.toMatchObject({ code: "CLOUD_CONFLICT" });
  expect(fake.log.counts()[update]).toBeUndefined();
});

describe("an interface that somebody else changes while we write", () => {
  test.each([
    { name: "before the call arrives", action: update },
    { name: "before the operation acts", action: `${update}#operation` },
  ])("$name: it is read again, and both changes stand", async ({ action }) => {
    const { fake, apply, held } = open();
    const byHand = { ipCidrRange: "10.8.0.16/28", subnetworkRangeName: "services" };
    let changed = false;
    const matching = () => {
      if (changed) return false;
      changed = true;
      fake.model.setAliasRanges("node-1", "nic0", [...foreign, byHand]);
      return false;
    };
    fake.faults.add({ action, when: { matching }, effect: { kind: "delay", delayMs: 0 } });
    const { added } = await apply({ add: { kind: block, count: 1 } });
    expect(added).toHaveLength(1);
    expect(
      held()
        ?.map(({ ipCidrRange }) => ipCidrRange)
        .sort(),
    ).toEqual(["10.8.0.0/28", "10.0.0.64/28", "10.8.0.16/28", ...added].sort());
    expect(fake.log.counts()[update]).toBe(2);
  });

  test("two writers at the same time lose nothing", async () => {
    const { apply, held } = open();
    const add = { kind: single, count: 2 };
    const outcomes = await Promise.allSettled([apply({ add, token: "a" }), apply({ add, token: "b" })]);
    // Compute Engine does not say whose ranges are whose: who cannot tell says so, and describes.
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
    }
    expect(held()).toHaveLength(foreign.length + 4);
  });

  test("always: CLOUD_CONFLICT after five attempts, and nothing happened", async () => {
    const fail = { kind: "fail", code: "conditionNotMet" } as const;
    const { fake, apply, held } = open([{ action: update, when: "always", effect: fail }]);
    await expect(apply({ add: { kind: single, count: 1 } })).rejects.toMatchObject({ code: "CLOUD_CONFLICT" });
    expect([fake.log.counts()[update], held()]).toEqual([5, foreign]);
  });
});

describe("operations", () => {
  test.each([
    { vendor: "IP_SPACE_EXHAUSTED", code: "SUBNET_EXHAUSTED" },
    { vendor: "RESOURCE_NOT_READY", code: "CLOUD_CONFLICT" },
    { vendor: "INTERNAL_ERROR", code: "CLOUD_OUTCOME_UNKNOWN" },
  ])("one that ends with $vendor is $code", async ({ vendor, code }) => {
    const effect = { kind: "fail", code: vendor } as const;
    const { apply } = open([{ action: `${update}#operation`, when: "always", effect }]);
    const failed = apply({ add: { kind: single, count: 1 } });
    await expect(failed).rejects.toMatchObject({ code, details: expect.stringContaining(vendor) });
  });

  test("one that takes longer than a wait is asked after again", async () => {
    const { clock, fake, apply } = open([], { operationMs: 5_000, waitMs: 2_000 });
    const changed = apply({ add: { kind: single, count: 1 } });
    await clock.advance(10_000);
    expect((await changed).added).toHaveLength(1);
    expect(fake.log.counts()["zoneOperations.wait"]).toBe(2);
  });

  test("one that never ends: CLOUD_OUTCOME_UNKNOWN", async () => {
    const effect = { kind: "delay", delayMs: Number.POSITIVE_INFINITY } as const;
    const { clock, apply } = open([{ action: `${update}#operation`, when: "always", effect }]);
    const unknown = expect(apply({ add: { kind: single, count: 1 } })).rejects.toMatchObject({
      code: "CLOUD_OUTCOME_UNKNOWN",
      details: expect.stringContaining("not ended in time"),
    });
    await clock.advance(300_000);
    await unknown;
  });

  test("one that cannot be followed: CLOUD_OUTCOME_UNKNOWN", async () => {
    const effect = { kind: "fail", code: "rateLimitExceeded" } as const;
    const { apply } = open([{ action: "zoneOperations.wait", when: "always", effect }]);
    await expect(apply({ add: { kind: single, count: 1 } })).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
  });

  test("a read that lags shows no new ranges: CLOUD_OUTCOME_UNKNOWN, never a wrong list", async () => {
    const { apply } = open([], { readLagMs: 1_000 });
    await expect(apply({ add: { kind: single, count: 1 } })).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
  });
});

describe("what is not there", () => {
  test("a secondary range: the ranges that are there are named", async () => {
    const { fake } = open();
    const provider = createGceProvider({ api: fake.api(), clock: fake.clock, secondaryRange: "pods-2" });
    const described = provider.describe(fake.nodeRef("node-1"), options);
    const details = expect.stringContaining("pods, services");
    await expect(described).rejects.toMatchObject({ code: "CLOUD_NOT_FOUND", details });
  });

  test.each(["projects/p2/zones/europe-west1-b", "projects/p1/zones/us-east1-b"])("%s", async (place) => {
    const { fake, provider } = open();
    const node = { ...fake.nodeRef("node-1"), id: `${place}/instances/node-1` };
    const details = expect.stringContaining(place);
    await expect(provider.describe(node, options)).rejects.toMatchObject({ code: "CLOUD_NOT_FOUND", details });
  });
});
