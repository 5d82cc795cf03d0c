import { type BlockChange, type ErrorCode, measuredProvider, neverCancelled, silentMetrics } from "@podwire/core";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../clock/virtual-clock.ts";
import { FaultPlan, type PlannedCall } from "../fault/fault-plan.ts";
import { isMutation } from "./memory-calls.ts";
import { createMemoryProvider, type MemoryProvider, type MemoryProviderOptions } from "./memory-provider.ts";
import { type ContractCall, type ContractFault, type ProviderPlace, providerContract } from "./provider-contract.ts";

/** What a provider can do beyond single addresses. */
const everything: Omit<MemoryProviderOptions, "clock"> = {
  capabilities: {
    blockKinds: [
      { family: 4, prefixLength: 32 },
      { family: 4, prefixLength: 28 },
      { family: 6, prefixLength: 80 },
    ],
    createInterface: true,
    orphans: true,
  },
  limits: { maxInterfaces: 4, blocksPerInterface: { 4: 14, 6: 14 } },
  subnets: [{ id: "subnet-1", cidr: "10.0.0.0/24", ipv6Cidr: "2001:db8::/64" }],
};

describe.each([false, true])("the in-memory provider keeps the port's contract (one document: %s)", (oneDocument) => {
  providerContract({ test, createPlace: async () => createPlace(oneDocument) });
});

describe("a provider whose calls are measured keeps the port's contract", () => {
  const createMeasured = async () => {
    const place = createPlace(false);
    return { ...place, provider: measuredProvider(place.provider, { clock: place.clock, metrics: silentMetrics }) };
  };
  providerContract({ test, createPlace: createMeasured });
});

describe("an in-memory provider with prefixes, both families and interfaces keeps the port's contract", () => {
  providerContract({ test, createPlace: async () => createPlace(false, everything) });
});

const node4 = { family: 4, prefixLength: 32 } as const;
const options = { signal: neverCancelled };

function addition(provider: MemoryProvider, token: string, count: number) {
  const change = { token, node: provider.node, interfaceId: "eni-1", add: { kind: node4, count } };
  return provider.changeBlocks(change, options);
}

test("the same token is the same operation, also after a lost answer", async () => {
  const faults = new FaultPlan([{ action: "changeBlocks", when: { nth: 1 }, effect: { kind: "lose-answer" } }]);
  const provider = createMemoryProvider({ clock: new VirtualClock(), faults });
  await expect(addition(provider, "a", 2)).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
  const [first, again] = await Promise.all([addition(provider, "a", 2), addition(provider, "a", 2)]);
  expect(again).toEqual(first);
  expect(provider.cloud.blocks).toEqual(first.added);
});

test("a call takes its latency, and acts half-way", async () => {
  const clock = new VirtualClock({ bootMs: 0 });
  const provider = createMemoryProvider({ clock, latencyMs: () => 100 });
  const outcome = addition(provider, "a", 1);
  await clock.advance(49);
  expect(provider.cloud.blocks).toEqual([]);
  await clock.advance(1);
  expect(provider.cloud.blocks).toHaveLength(1);
  await clock.advance(50);
  expect((await outcome).added).toEqual(provider.cloud.blocks);
});

test("what was aborted on its way happens all the same", async () => {
  const clock = new VirtualClock();
  const provider = createMemoryProvider({ clock, latencyMs: () => 100 });
  const controller = new AbortController();
  const change = { token: "a", node: provider.node, interfaceId: "eni-1", add: { kind: node4, count: 1 } };
  const outcome = expect(provider.changeBlocks(change, { signal: controller.signal })).rejects.toMatchObject({
    code: "CLOUD_OUTCOME_UNKNOWN",
  });
  controller.abort();
  await outcome;
  expect(provider.cloud.blocks).toEqual([]);
  await clock.advance(100);
  expect(provider.cloud.blocks).toHaveLength(1);
});

test("a describe that lags shows the cloud as it was", async () => {
  const clock = new VirtualClock();
  const provider = createMemoryProvider({ clock });
  const described = async () => (await provider.describe(provider.node, options)).interfaces[0]?.blocks.length;
  await clock.advance(1000);
  provider.describeLagMs = 500;
  await addition(provider, "a", 2);
  expect(await described()).toBe(0);
  await clock.advance(499);
  expect(await described()).toBe(0);
  await clock.advance(1);
  expect(await described()).toBe(2);
});

test("a partial fault cuts an addition short and says what happened", async () => {
  const faults = new FaultPlan([{ action: "changeBlocks", when: "always", effect: { kind: "partial", atMost: 1 } }]);
  const provider = createMemoryProvider({ clock: new VirtualClock(), faults });
  const { added, failure } = await addition(provider, "a", 3);
  expect(added).toEqual(provider.cloud.blocks);
  expect(added).toHaveLength(1);
  expect(failure?.code).toBe("CLOUD_CONFLICT");
});

test("the back door changes the cloud behind podwire's back", async () => {
  const provider = createMemoryProvider({ clock: new VirtualClock() });
  const { added } = await addition(provider, "a", 2);
  provider.cloud.remove("eni-1", added);
  provider.cloud.addInterface({ id: "eni-2", owner: "foreign" });
  const { interfaces } = await provider.describe(provider.node, options);
  expect(interfaces.map(({ id, owner, blocks }) => ({ id, owner, blocks }))).toEqual([
    { id: "eni-1", owner: "ours", blocks: [] },
    { id: "eni-2", owner: "foreign", blocks: [] },
  ]);
  provider.cloud.removeInterface("eni-2");
  expect(provider.cloud.freeAddresses("subnet-1")).toBe(250);
});

test("prefixes and addresses share a subnet without overlapping", async () => {
  const kind = { family: 4, prefixLength: 28 } as const;
  const provider = createMemoryProvider({ clock: new VirtualClock(), capabilities: { blockKinds: [node4, kind] } });
  await addition(provider, "a", 1);
  const change = { token: "b", node: provider.node, interfaceId: "eni-1", add: { kind, count: 2 } };
  expect((await provider.changeBlocks(change, options)).added).toEqual(["10.0.0.16/28", "10.0.0.32/28"]);
  expect((await addition(provider, "c", 11)).added.at(-1)).toBe("10.0.0.48/32");
});

test("a node of both families has a primary address of each, and gateways", async () => {
  const provider = createMemoryProvider({ clock: new VirtualClock(), ...everything });
  const { interfaces } = await provider.describe(provider.node, options);
  expect(interfaces).toMatchObject([
    { primaryAddresses: ["10.0.0.4", "2001:db8::4"], gateways: { 4: "10.0.0.1", 6: "fe80::1" } },
  ]);
  const { vpcCidrs, subnets } = await provider.network(provider.node, options);
  expect(vpcCidrs).toEqual(["10.0.0.0/24", "2001:db8::/64"]);
  expect(subnets).toMatchObject([{ cidrs: vpcCidrs, gateways: { 4: "10.0.0.1", 6: "fe80::1" }, freeAddresses: 250 }]);
});

describe("interfaces", () => {
  const kind28 = { family: 4, prefixLength: 28 } as const;
  const requestOf = ({ node }: MemoryProvider, token: string, count = 1) => ({
    token,
    node,
    scope: { clusterName: "contract", networkId: node.networkId },
    pool: "web",
    subnetId: "subnet-1",
    securityGroupIds: [],
    add: [{ kind: kind28, count }],
  });

  test("the same token is the same interface, and an id is given once", async () => {
    const provider = createMemoryProvider({ clock: new VirtualClock(), ...everything });
    const first = await provider.createInterface(requestOf(provider, "a"), options);
    expect(await provider.createInterface(requestOf(provider, "a"), options)).toEqual(first);
    await provider.deleteInterface({ id: first.interface.id, node: provider.node }, options);
    const second = await provider.createInterface(requestOf(provider, "b"), options);
    expect([first.interface.id, second.interface.id]).toEqual(["eni-2", "eni-3"]);
    expect(provider.calls.map(({ action, request, ref }) => [action, request?.token ?? ref?.id])).toEqual([
      ["createInterface", "a"],
      ["createInterface", "a"],
      ["deleteInterface", "eni-2"],
      ["createInterface", "b"],
    ]);
  });

  test("a creation takes its latency, is cut short by a partial fault, and a describe that lags does not show it", async () => {
    const clock = new VirtualClock();
    const faults = new FaultPlan([
      { action: "createInterface", when: "always", effect: { kind: "partial", atMost: 1 } },
    ]);
    const latencyMs = (action: string) => (action === "createInterface" ? 3_000 : 0);
    const provider = createMemoryProvider({ clock, faults, latencyMs, ...everything });
    provider.describeLagMs = 2_000;
    const outcome = provider.createInterface(requestOf(provider, "a", 3), options);
    await clock.advance(3_000);
    expect(await outcome).toMatchObject({
      interface: { blocks: ["10.0.0.16/28"] },
      failure: { code: "CLOUD_CONFLICT" },
    });
    expect((await provider.describe(provider.node, options)).interfaces).toHaveLength(1);
    await clock.advance(500);
    expect((await provider.describe(provider.node, options)).interfaces).toHaveLength(2);
  });

  test("what the node lost is an orphan, with its blocks still taken", async () => {
    const provider = createMemoryProvider({ clock: new VirtualClock(), ...everything });
    const { interface: made } = await provider.createInterface(requestOf(provider, "a"), options);
    provider.cloud.abandon(made.id);
    expect(provider.cloud.orphans).toEqual([{ id: made.id, nodeId: provider.node.id }]);
    expect(provider.cloud.interfaces.map(({ id }) => id)).toEqual(["eni-1"]);
    expect(provider.cloud.freeAddresses("subnet-1")).toBe(250 - 17);
  });

  test("one whose blocks exceed the limits is refused, as is a kind the instance type cannot hold", async () => {
    const blockKinds = [node4];
    const limits = { maxInterfaces: 4, blocksPerInterface: { 4: 2, 6: 0 } };
    const small = createMemoryProvider({ clock: new VirtualClock(), ...everything, limits });
    const add = small.createInterface(requestOf(small, "a", 3), options);
    await expect(add).rejects.toMatchObject({ code: "CLOUD_LIMIT" });
    const old = createMemoryProvider({ clock: new VirtualClock(), ...everything, limits: { ...limits, blockKinds } });
    await expect(old.createInterface(requestOf(old, "a"), options)).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  });
});

test("IPv6 in a subnet without is rejected, and is no shortage", () => {
  const subnets = [{ id: "subnet-1", cidr: "10.0.0.0/24" }];
  const provider = createMemoryProvider({ clock: new VirtualClock(), ...everything, subnets });
  const kind = { family: 6, prefixLength: 80 } as const;
  expect(() => provider.cloud.addAny("eni-1", kind)).toThrow(expect.objectContaining({ code: "CLOUD_REJECTED" }));
});

test("a subnet that was fragmented is whole again when the others leave", async () => {
  const provider = createMemoryProvider({ clock: new VirtualClock(), ...everything });
  const kind = { family: 4, prefixLength: 28 } as const;
  const giveBack = provider.cloud.fragment("subnet-1");
  expect(() => provider.cloud.addAny("eni-1", kind)).toThrow(expect.objectContaining({ code: "SUBNET_FRAGMENTED" }));
  expect(provider.cloud.freeAddresses("subnet-1")).toBe(250 - 14);
  giveBack();
  expect(provider.cloud.addAny("eni-1", kind)).toBe("10.0.0.16/28");
});

function createPlace(oneDocumentPerInterface: boolean, more: Omit<MemoryProviderOptions, "clock"> = {}): ProviderPlace {
  const clock = new VirtualClock();
  const faults = new FaultPlan();
  const interfaces = [{ id: "eni-1" }, { id: "eni-2", owner: "foreign" as const }];
  const capabilities = { ...more.capabilities, oneDocumentPerInterface };
  const setup: MemoryProviderOptions = { ...more, clock, faults, interfaces, capabilities };
  const provider = createMemoryProvider(setup);
  return {
    provider,
    node: provider.node,
    clock,
    foreignInterfaceId: "eni-2",
    blocksOf: (id) => provider.cloud.interfaces.find((own) => own.id === id)?.blocks ?? [],
    occupy: (leaveFree) => provider.cloud.occupy("subnet-1", leaveFree),
    fragment: () => provider.cloud.fragment("subnet-1"),
    interfaces: {
      scope: { clusterName: "contract", networkId: provider.node.networkId },
      leaveOrphan: (nodeId) => {
        provider.cloud.addInterface({ id: "eni-orphan" });
        provider.cloud.abandon("eni-orphan", nodeId);
        return "eni-orphan";
      },
    },
    mutationCount: () => provider.calls.filter(isMutation).length,
    inject: (call, fault) => {
      const effect =
        fault === "answer-lost"
          ? ({ kind: "lose-answer" } as const)
          : ({ kind: "fail", code: codeOf(call, fault), retryAfterMs: 7000 } as const);
      faults.add({ ...ruleFor(call), times: 1, effect });
    },
    stall: (call) =>
      new Promise((resolve) => {
        const { action, when } = ruleFor(call);
        const matching = (planned: PlannedCall) => {
          if (!when.matching(planned)) return false;
          resolve();
          return true;
        };
        faults.add({ action, when: { matching }, effect: { kind: "delay", delayMs: 1_000 } });
      }),
    dispose: async () => {},
  };
}

/** Finds the call, or the half of it. */
function ruleFor(call: ContractCall) {
  if (call === "describe") return { action: "describe", when: { matching: () => true } };
  if (call === "create") return { action: "createInterface", when: { matching: () => true } };
  const matching = ({ parameters }: PlannedCall) => (parameters as BlockChange)[call] !== undefined;
  return { action: "changeBlocks", when: { matching } };
}

function codeOf(call: ContractCall, fault: Exclude<ContractFault, "answer-lost">): ErrorCode {
  if (fault === "throttled") return "CLOUD_THROTTLED";
  if (fault === "unauthorized") return "CLOUD_PERMISSION";
  if (fault === "no-credentials") return "CLOUD_CREDENTIALS";
  return call === "describe" ? "CLOUD_UNREACHABLE" : "CLOUD_OUTCOME_UNKNOWN";
}
