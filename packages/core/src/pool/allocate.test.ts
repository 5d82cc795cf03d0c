import { describe, expect, test } from "vitest";
import { parseAddress } from "../address/address.ts";
import { type Cidr, parseCidr } from "../address/cidr.ts";
import { parseMac } from "../address/mac.ts";
import { applyChange, createNodeState, type MutableNodeState } from "../store/node-state.ts";
import type { AddressRecord } from "../store/records.ts";
import { type AllocationRequest, allocate } from "./allocate.ts";
import type { BlockState } from "./states.ts";

const pool = { name: "default", cooldownMs: 30_000 };
const nowMs = 1_000_000;
const key = { network: "podnet", containerId: "c1", ifName: "eth0" };

function stateWith(blocks: Readonly<Record<string, readonly string[]>>, state: BlockState = "ready"): MutableNodeState {
  const made = createNodeState();
  for (const [index, [interfaceId, cidrs]] of Object.entries(blocks).entries()) {
    const mac = parseMac(`02:00:00:00:00:0${index}`);
    const facts = { role: "secondary", owner: "ours", subnetId: "s", primaryAddresses: [], gateways: {} } as const;
    const record = { id: interfaceId, pool: pool.name, mac, ordinal: index + 1, ...facts };
    applyChange(made, { put: "interface", record });
    for (const cidr of cidrs) {
      applyChange(made, { put: "block", record: { cidr: parseCidr(cidr), interfaceId, state, sinceMs: 0 } });
    }
  }
  return made;
}

function put(state: MutableNodeState, block: string, address: string, record: Partial<AddressRecord>): void {
  const facts = { address: parseAddress(address), block: parseCidr(block), state: "free" as const, ...record };
  applyChange(state, { put: "address", record: facts });
}

function chosen(state: MutableNodeState, more: Partial<AllocationRequest> = {}): string[] | undefined {
  const request: AllocationRequest = { pool, families: [4], sameInterface: false, ...more };
  return allocate(state, request, nowMs)?.map(({ address }) => address);
}

describe("which address is chosen", () => {
  test("one of the fullest block, so that the others drain", () => {
    const state = stateWith({ "eni-a": ["10.0.0.0/28", "10.0.0.16/28"] });
    put(state, "10.0.0.16/28", "10.0.0.20", { state: "allocated", attachment: key });
    expect(chosen(state)).toEqual(["10.0.0.16"]);
  });

  test("among single addresses one of the interface with most pods", () => {
    const state = stateWith({ "eni-a": ["10.0.0.1/32"], "eni-b": ["10.0.1.1/32", "10.0.1.2/32"] });
    put(state, "10.0.1.1/32", "10.0.1.1", { state: "allocated", attachment: key });
    expect(chosen(state)).toEqual(["10.0.1.2"]);
  });

  test("never used before used, then the one longest free", () => {
    const state = stateWith({ "eni-a": ["10.0.0.0/30"] });
    put(state, "10.0.0.0/30", "10.0.0.0", { freedMs: 300 });
    put(state, "10.0.0.0/30", "10.0.0.1", { freedMs: 100 });
    expect(chosen(state)).toEqual(["10.0.0.2"]);
    put(state, "10.0.0.0/30", "10.0.0.2", { freedMs: 200 });
    put(state, "10.0.0.0/30", "10.0.0.3", { state: "allocated", attachment: key });
    expect(chosen(state)).toEqual(["10.0.0.1"]);
  });

  test("a cooling one only when its cool-down is over", () => {
    const state = stateWith({ "eni-a": ["10.0.0.1/32"] });
    put(state, "10.0.0.1/32", "10.0.0.1", { state: "cooling", freedMs: nowMs - 29_999 });
    expect(chosen(state)).toBeUndefined();
    put(state, "10.0.0.1/32", "10.0.0.1", { state: "cooling", freedMs: nowMs - 30_000 });
    expect(chosen(state)).toEqual(["10.0.0.1"]);
  });

  test("none that is excluded, of a suspect block, or of another pool", () => {
    const state = stateWith({ "eni-a": ["10.0.0.1/32"] });
    expect(chosen(state, { suspects: new Set([parseCidr("10.0.0.1/32")]) })).toBeUndefined();
    expect(chosen(state, { pool: { ...pool, name: "other" } })).toBeUndefined();
    put(state, "10.0.0.1/32", "10.0.0.1", { state: "excluded" });
    expect(chosen(state)).toBeUndefined();
  });

  test.each(["assigning", "releasing", "lost"] as const)("none of a block that is %s", (life) => {
    expect(chosen(stateWith({ "eni-a": ["10.0.0.1/32"] }, life))).toBeUndefined();
  });

  test("a /80 is used without a record for each of its addresses", () => {
    const state = stateWith({ "eni-a": ["2001:db8::/80"] });
    put(state, "2001:db8::/80", "2001:db8::", { state: "allocated", attachment: key });
    expect(chosen(state, { families: [6] })).toEqual(["2001:db8::1"]);
  });
});

describe("several families", () => {
  const both = { families: [4, 6] as const };

  test("are served together or not at all", () => {
    expect(chosen(stateWith({ "eni-a": ["10.0.0.1/32"] }), both)).toBeUndefined();
    const state = stateWith({ "eni-a": ["10.0.0.1/32"], "eni-b": ["2001:db8::/80"] });
    expect(chosen(state, both)).toEqual(["10.0.0.1", "2001:db8::"]);
  });

  test("come from one interface where the data path needs that", () => {
    const apart = stateWith({ "eni-a": ["10.0.0.1/32"], "eni-b": ["2001:db8::/80"] });
    expect(chosen(apart, { ...both, sameInterface: true })).toBeUndefined();
    const together = stateWith({ "eni-a": ["10.0.0.1/32"], "eni-b": ["10.0.1.1/32", "2001:db8::/80"] });
    expect(chosen(together, { ...both, sameInterface: true })).toEqual(["10.0.1.1", "2001:db8::"]);
  });
});

test("a wanted address is given, or nothing", () => {
  const state = stateWith({ "eni-a": ["10.0.0.0/28"] });
  const wanted = (text: string) => chosen(state, { addresses: [parseAddress(text)] });
  expect(wanted("10.0.0.7")).toEqual(["10.0.0.7"]);
  expect(wanted("10.0.0.16")).toBeUndefined();
  put(state, "10.0.0.0/28", "10.0.0.7", { state: "allocated", attachment: key });
  expect(wanted("10.0.0.7")).toBeUndefined();
});

test("equal states give equal choices", () => {
  const cidrs: readonly Cidr[] = [parseCidr("10.0.0.1/32"), parseCidr("10.0.0.2/32"), parseCidr("10.0.0.3/32")];
  const state = () => stateWith({ "eni-a": cidrs });
  expect(chosen(state())).toEqual(chosen(state()));
});
