import { expect, test } from "vitest";
import { parseAddress } from "../address/address.ts";
import { parseMac } from "../address/mac.ts";
import { parseConfig } from "../config/parse-config.ts";
import { applyChange, createNodeState } from "../store/node-state.ts";
import type { CloudContext } from "./cloud-context.ts";
import { cloudFactsChanges } from "./cloud-facts-cache.ts";
import { createCloudMemory } from "./cloud-memory.ts";
import { createNodeSettings } from "./node-settings.ts";
import { poolSituation } from "./pool-situation.ts";

const primaryMac = parseMac("02:00:00:00:00:01");
const primaryAddress = parseAddress("10.0.0.10");
const gateways = { 4: parseAddress("10.0.0.1") };
const subnet = (id: string) => ({ id, zone: "a", cidrs: [], gateways, freeAddresses: 100, tags: {} });
const facts = {
  node: { cloud: "x", id: "i", instanceType: "t", region: "r", zone: "a", networkId: "n", primaryMac, primaryAddress },
  limits: { maxInterfaces: 4, blocksPerInterface: { 4: 9, 6: 0 } },
  network: { vpcCidrs: [], subnets: [subnet("subnet-a"), subnet("subnet-b")], mtuBytes: 9001 },
};

function context(): CloudContext {
  const state = createNodeState();
  const common = { pool: "default", primaryAddresses: [], gateways, role: "secondary" } as const;
  const interfaces = [
    { ...common, id: "eni-a", mac: primaryMac, ordinal: 1, owner: "ours", subnetId: "subnet-a" },
    { ...common, id: "eni-x", mac: parseMac("02:00:00:00:00:02"), ordinal: 2, owner: "foreign", subnetId: "subnet-b" },
  ] as const;
  for (const record of interfaces) applyChange(state, { put: "interface", record });
  for (const change of cloudFactsChanges(state, facts)) applyChange(state, change);
  const capabilities = { blockKinds: [{ family: 4, prefixLength: 32 }], createInterface: true };
  return {
    ledger: { state },
    memory: createCloudMemory(),
    settings: createNodeSettings(parseConfig({ cloud: "aws" })),
    provider: { capabilities },
    queue: { waiters: () => 0 },
    clock: { bootMs: () => 0 },
  } as unknown as CloudContext;
}

test("a new interface may go only where the pool has one already; what is foreign counts for the instance's limit", () => {
  const situation = poolSituation(context(), { pool: "default", family: 4 });
  expect(situation.subnets.map(({ id }) => id)).toEqual(["subnet-a"]);
  expect(situation.interfaces.map(({ id }) => id)).toEqual(["eni-a"]);
  expect(situation.newInterfaces).toBe(2);
});
