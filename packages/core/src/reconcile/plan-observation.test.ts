import { describe, expect, test } from "vitest";
import { type Address, parseAddress } from "../address/address.ts";
import { type Cidr, parseCidr } from "../address/cidr.ts";
import { parseMac } from "../address/mac.ts";
import type { AttachmentKey } from "../cni/attachment-key.ts";
import type { CloudInterface } from "../provider/cloud-facts.ts";
import { applyChange, createNodeState, type MutableNodeState } from "../store/node-state.ts";
import type { AddressRecord, OperationRecord } from "../store/records.ts";
import type { StateChange } from "../store/state-change.ts";
import { type ObservationInput, planObservation, tombstoneMs } from "./plan-observation.ts";

const a = parseCidr("10.0.0.1/32");
const b = parseCidr("10.0.0.2/32");
const key: AttachmentKey = { network: "podnet", containerId: "c1", ifName: "eth0" };
const startedAtMs = 1_000_000;

function observed(blocks: readonly Cidr[], more: Partial<CloudInterface> = {}): CloudInterface {
  return {
    id: "eni-a",
    mac: parseMac("02:00:00:00:00:01"),
    role: "primary",
    owner: "ours",
    subnetId: "subnet-a",
    primaryAddresses: [parseAddress("10.0.0.10")],
    blocks,
    gateways: { 4: parseAddress("10.0.0.254") },
    ...more,
  };
}

function stateWith(...changes: readonly StateChange[]): MutableNodeState {
  const state = createNodeState();
  const { blocks: _blocks, ...facts } = observed([]);
  applyChange(state, { put: "interface", record: { ...facts, pool: "default", ordinal: 1 } });
  for (const change of changes) applyChange(state, change);
  return state;
}

function block(cidr: Cidr, state: "ready" | "releasing" | "lost", sinceMs = 0): StateChange {
  return { put: "block", record: { cidr, interfaceId: "eni-a", state, sinceMs } };
}

function address(record: Omit<AddressRecord, "address">): StateChange {
  return { put: "address", record: { ...record, address: record.block.split("/")[0] as Address } };
}

function operation(more: Partial<OperationRecord>): StateChange {
  const record: OperationRecord = {
    token: "t1",
    kind: "unassign",
    pool: "default",
    interfaceId: "eni-a",
    request: { remove: [a] },
    state: "sent",
    startedMs: 0,
    ...more,
  };
  return { put: "operation", record };
}

function plan(state: MutableNodeState, interfaces: readonly CloudInterface[], more: Partial<ObservationInput> = {}) {
  return planObservation({
    state,
    snapshot: { startedAtMs, interfaces },
    suspects: new Map(),
    confirmed: new Set([a, b]),
    mutationEndsMs: new Map(),
    hostAddresses: new Set(),
    cooldownOf: () => 30_000,
    poolFor: () => "default",
    ...more,
  });
}

const allocated = address({ block: a, state: "allocated", attachment: key });
const ready = (cidr: Cidr) => ({
  put: "block",
  record: { cidr, interfaceId: "eni-a", state: "ready", sinceMs: startedAtMs },
});

describe("a block the snapshot shows", () => {
  test("is adopted when it is unknown", () => {
    expect(plan(stateWith(), [observed([a])])).toMatchObject({ changes: [ready(a)], adopted: [a] });
  });

  test("is not adopted while its tombstone stands, and is once that is old", () => {
    const bury = (releasedMs: number) =>
      stateWith({ put: "tombstone", record: { interfaceId: "eni-a", cidr: a, releasedMs } });
    expect(plan(bury(startedAtMs - tombstoneMs + 1), [observed([a])]).changes).toEqual([]);
    expect(plan(bury(startedAtMs - tombstoneMs), [observed([a])]).changes).toEqual([
      ready(a),
      { delete: "tombstone", interfaceId: "eni-a", cidr: a },
    ]);
  });

  test("is not adopted on an interface that is somebody else's", () => {
    const plans = plan(stateWith(), [observed([]), observed([a], { id: "eni-x", owner: "foreign" })]);
    expect(plans.adopted).toEqual([]);
  });

  test("is not adopted while another interface still holds it", () => {
    const other = observed([a], { id: "eni-b", mac: parseMac("02:00:00:00:00:02"), role: "secondary" });
    expect(plan(stateWith(block(a, "ready")), [observed([]), other]).adopted).toEqual([]);
  });

  test("has the addresses excluded that the host itself configured", () => {
    const hostAddresses = new Set([parseAddress("10.0.0.1"), parseAddress("10.0.0.10")]);
    expect(plan(stateWith(), [observed([a])], { hostAddresses }).changes).toEqual([
      ready(a),
      address({ block: a, state: "excluded" }),
    ]);
  });

  test("is ready again when it was lost", () => {
    expect(plan(stateWith(block(a, "lost"), allocated), [observed([a])]).changes).toEqual([ready(a)]);
  });

  test("is ready again after a release that did not happen, but only when the view can no longer be stale", () => {
    const since = (sinceMs: number) => stateWith(block(a, "releasing", sinceMs));
    expect(plan(since(startedAtMs - tombstoneMs + 1), [observed([a])]).changes).toEqual([]);
    expect(plan(since(startedAtMs - tombstoneMs), [observed([a])]).changes).toEqual([ready(a)]);
  });

  test("is no suspect any more, even while the interface is being changed", () => {
    const suspects = new Map([
      [a, 1],
      [b, 1],
    ]);
    const state = stateWith(block(a, "ready"), block(b, "ready"), operation({ state: "sent" }));
    expect([...plan(state, [observed([a])], { suspects }).suspects.keys()]).toEqual([b]);
  });
});

describe("a block the snapshot does not show", () => {
  const once = new Map([[a, startedAtMs - 1_000]]);

  test("is a suspect the first time", () => {
    const first = plan(stateWith(block(a, "ready"), allocated), [observed([])]);
    expect(first).toMatchObject({ changes: [], lost: [], gone: [] });
    expect([...first.suspects.keys()]).toEqual([a]);
  });

  test("is lost the second time when a pod has it", () => {
    const second = plan(stateWith(block(a, "ready"), allocated), [observed([])], { suspects: once });
    expect(second.lost).toEqual([a]);
    expect(second.changes).toMatchObject([{ put: "block", record: { cidr: a, state: "lost" } }]);
  });

  test("is gone the second time when nobody has it, with what is known of its addresses", () => {
    const state = stateWith(block(a, "ready"), address({ block: a, state: "free", freedMs: 5 }));
    expect(plan(state, [observed([])], { suspects: once }).changes).toEqual([
      { delete: "address", address: "10.0.0.1" },
      { delete: "block", cidr: a },
    ]);
  });

  test.each(["ready", "lost"] as const)("is kept when it is %s while an address of it cools down", (life) => {
    const cooling = address({ block: a, state: "cooling", freedMs: startedAtMs - 29_999 });
    const kept = plan(stateWith(block(a, life), cooling), [observed([])], { suspects: once });
    expect(kept).toMatchObject({ changes: [], gone: [] });
    const cooled = address({ block: a, state: "cooling", freedMs: startedAtMs - 30_000 });
    expect(plan(stateWith(block(a, life), cooled), [observed([])], { suspects: once }).gone).toEqual([a]);
  });

  test.each(["ready", "lost"] as const)("moves with its pods to the interface that has it now, being %s", (life) => {
    const other = observed([a], { id: "eni-b", mac: parseMac("02:00:00:00:00:02"), role: "secondary" });
    const moved = plan(stateWith(block(a, life), allocated), [observed([]), other], { suspects: once });
    const record = { cidr: a, interfaceId: "eni-b", state: "ready", sinceMs: startedAtMs };
    expect(moved.changes).toContainEqual({ put: "block", record });
    expect(moved).toMatchObject({ lost: [], gone: [], suspects: new Map() });
  });

  test("is lost when it is somebody else's interface that has it now", () => {
    const other = observed([a], { id: "eni-x", owner: "foreign" });
    expect(plan(stateWith(block(a, "ready"), allocated), [observed([]), other], { suspects: once }).lost).toEqual([a]);
  });

  test("is gone when it was being released, and gets a tombstone", () => {
    expect(plan(stateWith(block(a, "releasing")), [observed([])]).changes).toEqual([
      { delete: "block", cidr: a },
      { put: "tombstone", record: { interfaceId: "eni-a", cidr: a, releasedMs: startedAtMs } },
    ]);
  });

  test("goes with its interface by the same rule, and the interface after its last block", () => {
    const held = stateWith(block(a, "ready"), allocated);
    expect(plan(held, [], { suspects: once }).lost).toEqual([a]);
    expect(plan(stateWith(), []).changes).toEqual([{ delete: "interface", id: "eni-a" }]);
  });
});

describe("a block that a call added and no snapshot has shown yet", () => {
  const missed = (sinceMs: number, suspects = new Map<Cidr, number>()) =>
    plan(stateWith(block(a, "ready", sinceMs), allocated), [observed([])], { confirmed: new Set(), suspects });

  test("is not held against it for a minute: views lag", () => {
    const young = missed(startedAtMs - tombstoneMs + 1, new Map([[a, 1]]));
    expect(young).toMatchObject({ changes: [], lost: [] });
    expect(young.suspects.size).toBe(0);
  });

  test("is a suspect like any other after that", () => {
    expect([...missed(startedAtMs - tombstoneMs).suspects.keys()]).toEqual([a]);
  });
});

describe("an address of a known block that the host configures", () => {
  const hostAddresses = new Set([parseAddress("10.0.0.1")]);
  const excluded = address({ block: a, state: "excluded" });

  test.each([
    ["free", []],
    ["cooling", [address({ block: a, state: "cooling", freedMs: 5 })]],
  ])("is excluded when it was %s", (_life, records) => {
    const state = stateWith(block(a, "ready"), ...records);
    expect(plan(state, [observed([a])], { hostAddresses }).changes).toEqual([excluded]);
  });

  test("stays with the pod that has it", () => {
    expect(plan(stateWith(block(a, "ready"), allocated), [observed([a])], { hostAddresses }).changes).toEqual([]);
  });

  test("is free again when the host has it no longer", () => {
    const state = stateWith(block(a, "ready"), excluded);
    expect(plan(state, [observed([a])]).changes).toEqual([{ delete: "address", address: "10.0.0.1" }]);
    expect(plan(state, [observed([a])], { hostAddresses }).changes).toEqual([]);
  });
});

describe("an interface that was being changed after the snapshot began", () => {
  test.each([
    ["an operation in flight", stateWith(block(b, "ready"), operation({ state: "sent" })), new Map<string, number>()],
    [
      "an operation of unknown outcome that ended later",
      stateWith(block(b, "ready"), operation({ state: "unknown", endedMs: startedAtMs + 1 })),
      new Map<string, number>(),
    ],
    ["a change that ended later", stateWith(block(b, "ready")), new Map([["eni-a", startedAtMs + 1]])],
  ])("tells nothing about its blocks: %s", (_name, state, mutationEndsMs) => {
    expect(plan(state, [observed([a])], { mutationEndsMs, suspects: new Map([[b, 1]]) }).changes).toEqual([]);
  });
});

test("an operation of unknown outcome is over once a snapshot that began after it has told", () => {
  const state = stateWith(operation({ state: "unknown", endedMs: startedAtMs }));
  expect(plan(state, [observed([])]).changes).toEqual([{ delete: "operation", token: "t1" }]);
});

test("an interface keeps its ordinal and its pool; a new one gets the lowest free ordinal", () => {
  const other = observed([], { id: "eni-b", mac: parseMac("02:00:00:00:00:02"), role: "secondary" });
  const plans = plan(stateWith(), [observed([], { subnetId: "subnet-b" }), other], {
    poolFor: (name = "second") => name,
  });
  expect(plans.changes).toMatchObject([
    { put: "interface", record: { id: "eni-a", ordinal: 1, pool: "default", subnetId: "subnet-b" } },
    { put: "interface", record: { id: "eni-b", ordinal: 2, pool: "second" } },
  ]);
  expect(plan(stateWith(), [observed([])]).changes).toEqual([]);
});
