import { type BlockChange, neverCancelled, parseCidr } from "@podwire/core";
import { FaultPlan, VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";
import { createAzureProvider } from "./provider.ts";
import { FakeAzure, type FakeAzureBehaviour } from "./testing/fake-azure.ts";
import type { ScenarioInput } from "./testing/scenario.ts";

const options = { signal: neverCancelled };
const single = { family: 4, prefixLength: 32 } as const;
const block = { family: 4, prefixLength: 28 } as const;
const put = "networkInterfaces.createOrUpdate";

test("what others made goes back byte for byte, with fields that podwire does not know", async () => {
  const { fake, change } = createNode();
  const before = foreignPart(fake);
  const { added } = await change({ add: { kind: single, count: 2 } });
  await change({ remove: added, add: { kind: block, count: 1 } });
  expect(foreignPart(fake)).toEqual(before);
  expect(before).toMatchObject({ properties: { unheardOf: { by: ["podwire"] } }, tags: { team: "net" } });
});

test("a change takes one write, however many blocks it adds and removes", async () => {
  const { fake, change } = createNode();
  const { added } = await change({ add: { kind: single, count: 110 } });
  expect(added).toHaveLength(110);
  await change({ remove: added.slice(0, 50), add: { kind: single, count: 20 } });
  expect(fake.log.counts()[put]).toBe(2);
});

test("an address of somebody else, and the primary one, are not removed", async () => {
  const { fake, change } = createNode();
  const remove = ["10.0.0.4/32", "10.0.0.5/32"].map((text) => parseCidr(text));
  await change({ remove });
  expect(fake.log.counts()[put]).toBeUndefined();
  expect(names(fake)).toEqual(["primary", "lb"]);
});

test("a cluster whose name begins like ours keeps its configurations", async () => {
  const { fake, node, change } = createNode();
  const other = createAzureProvider({ api: fake.api(), clock: fake.clock, cluster: "blue-2" });
  const interfaceId = fake.model.interface("nic-1").id;
  const add = { kind: single, count: 1 };
  const { added } = await other.changeBlocks({ token: "t", node, interfaceId, add }, options);
  await change({ remove: added });
  expect(names(fake)).toHaveLength(3);
  const { interfaces } = await createAzureProvider({ api: fake.api(), clock: fake.clock, cluster: "blue" }).describe(
    node,
    options,
  );
  expect(interfaces[0]?.blocks).toEqual([]);
});

test("the same token again adds nothing, and tells the blocks that it gave", async () => {
  const { fake, change } = createNode();
  const first = await change({ token: "once", add: { kind: single, count: 2 } });
  expect(await change({ token: "once", add: { kind: single, count: 2 } })).toEqual(first);
  expect(fake.log.counts()[put]).toBe(1);
});

for (const code of ["PreconditionFailed", "AnotherOperationInProgress", "RetryableError"]) {
  test(`${code}: the document is read again, and the change applied to what is there`, async () => {
    const { fake, change } = createNode();
    fake.faults.add({ action: put, when: { nth: 1 }, effect: { kind: "fail", code } });
    const changed = change({ add: { kind: single, count: 1 } });
    await fake.clock.runUntilIdle();
    expect((await changed).added).toHaveLength(1);
    expect(fake.log.counts()).toMatchObject({ "networkInterfaces.get": 3, [put]: 2 });
  });
}

test("a change that is aborted while somebody else's goes on is CANCELLED: nothing of it happened", async () => {
  const { fake, node } = createNode();
  const provider = createAzureProvider({ api: fake.api(), clock: fake.clock, cluster: "blue" });
  fake.faults.add({ action: put, when: "always", effect: { kind: "fail", code: "AnotherOperationInProgress" } });
  const controller = new AbortController();
  const interfaceId = fake.model.interface("nic-1").id;
  const change = { token: "t", node, interfaceId, add: { kind: single, count: 1 } };
  const changed = provider.changeBlocks(change, { signal: controller.signal });
  const refused = expect(changed).rejects.toMatchObject({ code: "CANCELLED" });
  await fake.clock.advance(500);
  controller.abort();
  await refused;
});

test("an interface edited by hand between read and write keeps the edit", async () => {
  const { fake, change } = createNode();
  const edit = () => {
    fake.model.editInterface("nic-1", (own) => ({ ...own, tags: { ...own.tags, edited: "by hand" } }));
    return true;
  };
  fake.faults.add({ action: put, when: { matching: edit }, times: 1, effect: { kind: "delay", delayMs: 0 } });
  expect((await change({ add: { kind: single, count: 1 } })).added).toHaveLength(1);
  expect(fake.model.interface("nic-1").tags).toMatchObject({ edited: "by hand" });
  expect(fake.log.counts()[put]).toBe(2);
});

test("an operation is followed to its end, at the pace Azure names", async () => {
  const { fake, change } = createNode({ operationMs: 2_500 });
  const changed = change({ add: { kind: single, count: 1 } });
  await fake.clock.runUntilIdle();
  expect((await changed).added).toHaveLength(1);
  expect(fake.log.counts()["operations.get"]).toBe(4);
});

test("an operation that ends in an error is told with its code, though it was accepted with HTTP 200", async () => {
  const { fake, change } = createNode();
  fake.failNextOperation({ code: "SubnetIsFull", message: "no room" });
  await expect(change({ add: { kind: single, count: 2 } })).rejects.toMatchObject({
    code: "SUBNET_EXHAUSTED",
    details: `${put}: SubnetIsFull: no room (HTTP 200, request unknown)`,
  });
});

test("of an operation that ends half-way, exactly what happened is told, with the reason", async () => {
  const { fake, change } = createNode();
  fake.failNextOperation({ code: "PrivateIPAddressLimitReached", message: "enough" }, 1);
  const outcome = await change({ add: { kind: single, count: 3 } });
  expect(outcome).toMatchObject({ removed: [], failure: { code: "CLOUD_LIMIT" } });
  expect(outcome.added).toHaveLength(1);
});

test("an operation that never ends leaves the outcome unknown", async () => {
  const { fake, change } = createNode({ operationMs: 10_000_000 });
  const changed = expect(change({ add: { kind: single, count: 1 } })).rejects.toMatchObject({
    code: "CLOUD_OUTCOME_UNKNOWN",
  });
  await fake.clock.advance(130_000);
  await changed;
});

test("a poll whose answer is lost is asked again; when none comes the outcome is unknown", async () => {
  const { fake, change } = createNode();
  const loss = { kind: "lose-answer" } as const;
  fake.faults.add({ action: "operations.get", when: { nth: 1 }, effect: loss });
  const first = change({ add: { kind: single, count: 1 } });
  await fake.clock.runUntilIdle();
  expect((await first).added).toHaveLength(1);
  fake.faults.add({ action: "operations.get", when: "always", effect: loss });
  const second = expect(change({ add: { kind: single, count: 1 } })).rejects.toMatchObject({
    code: "CLOUD_OUTCOME_UNKNOWN",
  });
  await fake.clock.runUntilIdle();
  await second;
});

test("a document that does not show the change yet leaves the outcome unknown", async () => {
  const { fake, change } = createNode({ readLagMs: 5_000 });
  await expect(change({ add: { kind: single, count: 1 } })).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
  expect(names(fake)).toHaveLength(3);
});

test("the address that goes may come again in the same document, and both are told", async () => {
  const { change } = createNode();
  const { added } = await change({ add: { kind: single, count: 1 } });
  expect(await change({ remove: added, add: { kind: single, count: 1 } })).toEqual({ added, removed: added });
});

test("an interface that is tagged not to be touched is refused before anything is written", async () => {
  const { fake, change } = createNode();
  fake.model.editInterface("nic-1", (own) => ({ ...own, tags: { "podwire-no-manage": "true" } }));
  await expect(change({ add: { kind: single, count: 1 } })).rejects.toMatchObject({ code: "CLOUD_CONFLICT" });
  expect(fake.log.counts()[put]).toBeUndefined();
});

test("an instance of a Uniform scale set is refused with the name of the set, for everything", async () => {
  const { fake, node, change } = createNode();
  const id = `${fake.model.idOf("Microsoft.Compute/virtualMachineScaleSets", "pool-1")}/virtualMachines/0`;
  const uniform = { ...node, id };
  const provider = createAzureProvider({ api: fake.api(), clock: fake.clock, cluster: "blue" });
  const refusal = { code: "NOT_SUPPORTED", message: expect.stringContaining("pool-1") };
  await expect(provider.describe(uniform, options)).rejects.toMatchObject(refusal);
  await expect(provider.limits(uniform, options)).rejects.toMatchObject(refusal);
  await expect(provider.network(uniform, options)).rejects.toMatchObject(refusal);
  await expect(change({ node: uniform, add: { kind: single, count: 1 } })).rejects.toMatchObject(refusal);
  expect(fake.log.calls).toEqual([]);
});

test("wrong subscription, group and name are CLOUD_NOT_FOUND with Azure's word for which", async () => {
  const { fake, node } = createNode();
  const provider = createAzureProvider({ api: fake.api(), clock: fake.clock, cluster: "blue" });
  const rows = [
    [node.id.replace(/subscriptions\/[^/]+/, "subscriptions/other"), "SubscriptionNotFound"],
    [node.id.replace("/podwire/", "/other/"), "ResourceGroupNotFound"],
    [`${node.id}-other`, "ResourceNotFound"],
  ] as const;
  for (const [id, code] of rows) {
    const details = expect.stringContaining(code);
    await expect(provider.describe({ ...node, id }, options)).rejects.toMatchObject({
      code: "CLOUD_NOT_FOUND",
      details,
    });
  }
});

const scenario: ScenarioInput = {
  virtualNetworks: [
    { name: "net", addressPrefixes: ["10.0.0.0/16"], subnets: [{ name: "nodes", addressPrefixes: ["10.0.0.0/22"] }] },
  ],
  virtualMachines: [
    {
      name: "vm-1",
      networkInterfaces: [
        {
          name: "nic-1",
          subnet: "net/nodes",
          ipConfigurations: [
            { name: "primary" },
            { name: "lb", properties: { loadBalancerBackendAddressPools: [{ id: "/some/pool" }], notInTheModel: [1] } },
          ],
          properties: { unheardOf: { by: ["podwire"] } },
          tags: { team: "net" },
        },
      ],
    },
  ],
};

function createNode(behaviour: FakeAzureBehaviour = {}) {
  const clock = new VirtualClock();
  const fake = Object.assign(new FakeAzure({ scenario, clock, faults: new FaultPlan(), behaviour }), { clock });
  const node = fake.nodeRef("vm-1");
  const provider = createAzureProvider({ api: fake.api(), clock, cluster: "blue" });
  let changes = 0;
  const change = (what: Partial<BlockChange>) => {
    changes += 1;
    const base = { token: `t-${changes}`, node, interfaceId: fake.model.interface("nic-1").id };
    return provider.changeBlocks({ ...base, ...what }, options);
  };
  return { fake, node, change };
}

function names(fake: FakeAzure): readonly string[] {
  return fake.model.interface("nic-1").properties.ipConfigurations.map(({ name }) => name);
}

/** Everything but podwire's configurations, and the etags. */
function foreignPart(fake: FakeAzure) {
  const own = fake.model.interface("nic-1");
  const ipConfigurations = own.properties.ipConfigurations
    .filter(({ name }) => !name.startsWith("podwire."))
    .map((one) => ({ ...one, etag: "" }));
  return { ...own, etag: "", properties: { ...own.properties, ipConfigurations } };
}
