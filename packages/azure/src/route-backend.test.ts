import { neverCancelled, parseCidr } from "@podwire/core";
import { FaultPlan, VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";
import { createRouteBackend } from "./route-backend.ts";
import { FakeAzure, type FakeAzureBehaviour } from "./testing/fake-azure.ts";
import type { ScenarioInput } from "./testing/scenario.ts";

const options = { signal: neverCancelled };
const scope = { clusterName: "a", networkId: "" };
const [cidr1, cidr2, cidr3] = ["10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24"].map((text) => parseCidr(text)) as [
  ReturnType<typeof parseCidr>,
  ReturnType<typeof parseCidr>,
  ReturnType<typeof parseCidr>,
];

test("routes are written in one document, and stand afterwards with exact names", async () => {
  const { fake, backend, put } = createBackend();
  expect(await backend.apply(put([cidr1, "vm-1"], [cidr2, "vm-2"]), options)).toEqual({
    put: [cidr1, cidr2],
    removed: [],
  });
  expect(fake.log.counts()["routeTables.createOrUpdate"]).toBe(1);
  expect(fake.model.routeTable("table").properties.routes.map(({ name }) => name)).toEqual([
    "default",
    "podwire.a.10.244.1.0-24",
    "podwire.a.10.244.2.0-24",
  ]);
});

test("the same change again writes nothing", async () => {
  const { fake, backend, put } = createBackend();
  await backend.apply(put([cidr1, "vm-1"]), options);
  expect(await backend.apply(put([cidr1, "vm-1"]), options)).toEqual({ put: [cidr1], removed: [] });
  expect(fake.log.counts()["routeTables.createOrUpdate"]).toBe(1);
});

test("a route of ours that points elsewhere is replaced, and can be removed in the same change as another comes", async () => {
  const { fake, backend, put } = createBackend();
  await backend.apply(put([cidr1, "vm-1"], [cidr2, "vm-1"]), options);
  const change = { ...put([cidr1, "vm-2"]), remove: [cidr2, cidr3] };
  expect(await backend.apply(change, options)).toEqual({ put: [cidr1], removed: [cidr2, cidr3] });
  expect(hops(fake)).toEqual({ default: "10.9.0.4", "podwire.a.10.244.1.0-24": "10.0.0.5" });
});

test("a cluster whose name begins like ours keeps its routes: names are compared whole", async () => {
  const { fake, backend, put } = createBackend();
  const other = createRouteBackend({ ...tools(fake), cluster: "a-b" });
  await other.apply(put([cidr1, "vm-1"]), options);
  expect(await backend.apply({ ...put(), remove: [cidr1] }, options)).toEqual({ put: [], removed: [cidr1] });
  expect(Object.keys(hops(fake))).toEqual(["default", "podwire.a-b.10.244.1.0-24"]);
});

test("a foreign route of the same CIDR is not touched: CLOUD_CONFLICT names it, and others of the change go through", async () => {
  const { fake, backend, put } = createBackend();
  const before = fake.model.routeTable("table").properties.routes[0];
  const taken = parseCidr("10.99.0.0/16");
  await expect(backend.apply(put([taken, "vm-1"]), options)).rejects.toMatchObject({
    code: "CLOUD_CONFLICT",
    message: expect.stringContaining("route default is in the way"),
  });
  expect(await backend.apply(put([taken, "vm-1"], [cidr1, "vm-1"]), options)).toEqual({ put: [cidr1], removed: [] });
  expect(fake.model.routeTable("table").properties.routes[0]?.properties).toEqual(before?.properties);
});

test("a route of our name with another CIDR is in the way too", async () => {
  const { fake, backend, put } = createBackend();
  fake.model.editRouteTable("table", (table) => ({
    ...table,
    properties: {
      ...table.properties,
      routes: [
        {
          name: "podwire.a.10.244.1.0-24",
          properties: { addressPrefix: "10.50.0.0/24", nextHopType: "VirtualAppliance", nextHopIpAddress: "10.0.0.9" },
        },
      ],
    },
  }));
  await expect(backend.apply(put([cidr1, "vm-1"]), options)).rejects.toMatchObject({ code: "CLOUD_CONFLICT" });
});

const refusals = [
  { code: "PreconditionFailed", counts: 2 },
  { code: "RetryableError", counts: 2 },
  { code: "AnotherOperationInProgress", counts: 2 },
] as const;
for (const { code, counts } of refusals) {
  test(`${code} is not success: the table is read again, and the change applied to what is there`, async () => {
    const { fake, backend, put } = createBackend();
    fake.faults.add({ action: "routeTables.createOrUpdate", when: { nth: 1 }, effect: { kind: "fail", code } });
    const applied = backend.apply(put([cidr1, "vm-1"]), options);
    await fake.clock.runUntilIdle();
    expect(await applied).toEqual({ put: [cidr1], removed: [] });
    expect(fake.log.counts()).toMatchObject({ "routeTables.createOrUpdate": counts });
  });
}

test("a conflict that does not end is told in the end, with nothing changed", async () => {
  const { fake, backend, put } = createBackend();
  const effect = { kind: "fail", code: "PreconditionFailed" } as const;
  fake.faults.add({ action: "routeTables.createOrUpdate", when: "always", effect });
  const applied = expect(backend.apply(put([cidr1, "vm-1"]), options)).rejects.toMatchObject({
    code: "CLOUD_CONFLICT",
  });
  await fake.clock.runUntilIdle();
  await applied;
  expect(fake.log.counts()["routeTables.createOrUpdate"]).toBe(5);
});

test("changes that come while one is written go together in the next document", async () => {
  const { fake, backend, put } = createBackend({ operationMs: 2_000 });
  const cidrs = Array.from({ length: 50 }, (_, index) => parseCidr(`10.245.${index}.0/24`));
  const writes = cidrs.map((cidr) => backend.apply(put([cidr, "vm-1"]), options));
  await fake.clock.runUntilIdle();
  expect((await Promise.all(writes)).flatMap((outcome) => outcome.put)).toEqual(cidrs);
  expect(fake.log.counts()["routeTables.createOrUpdate"]).toBe(2);
});

test("changes of one CIDR keep their order", async () => {
  const { fake, backend, put } = createBackend({ operationMs: 2_000 });
  const changes = [put([cidr1, "vm-1"]), put([cidr1, "vm-2"]), { ...put(), remove: [cidr1] }, put([cidr1, "vm-2"])];
  const writes = changes.map((change) => backend.apply(change, options));
  await fake.clock.runUntilIdle();
  expect((await Promise.all(writes)).map((outcome) => outcome.removed.length)).toEqual([0, 0, 1, 0]);
  expect(hops(fake)).toMatchObject({ "podwire.a.10.244.1.0-24": "10.0.0.5" });
});

test("a change that is aborted while it waits is CANCELLED, one on its way unknown; the others go on", async () => {
  const { fake, backend, put } = createBackend({ operationMs: 2_000 });
  const [onItsWay, waiting] = [new AbortController(), new AbortController()];
  const first = backend.apply(put([cidr1, "vm-1"]), { signal: onItsWay.signal });
  const second = backend.apply(put([cidr2, "vm-1"]), { signal: waiting.signal });
  const third = backend.apply(put([cidr3, "vm-1"]), options);
  const refused = [
    expect(first).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" }),
    expect(second).rejects.toMatchObject({ code: "CANCELLED" }),
  ];
  await fake.clock.advance(500);
  waiting.abort();
  onItsWay.abort();
  await fake.clock.runUntilIdle();
  await Promise.all(refused);
  expect(await third).toEqual({ put: [cidr3], removed: [] });
  expect(Object.keys(hops(fake))).toEqual(["default", "podwire.a.10.244.1.0-24", "podwire.a.10.244.3.0-24"]);
});

test("what another writer's operations keep busy is written when they end, without a write a second", async () => {
  const { fake, backend, put } = createBackend({ operationMs: 9_000 }, { routesPerTable: 600 });
  const second = createRouteBackend(tools(fake));
  const cidrs = Array.from({ length: 500 }, (_, index) => parseCidr(`10.${100 + (index >> 8)}.${index & 255}.0/24`));
  const writes = cidrs.map((cidr, index) => (index % 2 === 0 ? backend : second).apply(put([cidr, "vm-1"]), options));
  await fake.clock.runUntilIdle();
  expect((await Promise.all(writes)).flatMap((outcome) => outcome.put)).toEqual(cidrs);
  expect(Object.keys(hops(fake))).toHaveLength(501);
  expect(fake.log.counts()["routeTables.createOrUpdate"]).toBeLessThanOrEqual(16);
});

test("a table that is busy for ever is told after a minute", async () => {
  const { fake, backend, put } = createBackend();
  const effect = { kind: "fail", code: "AnotherOperationInProgress" } as const;
  fake.faults.add({ action: "routeTables.createOrUpdate", when: "always", effect });
  const applied = expect(backend.apply(put([cidr1, "vm-1"]), options)).rejects.toMatchObject({
    code: "CLOUD_CONFLICT",
  });
  await fake.clock.advance(60_000);
  await applied;
  expect(fake.log.counts()["routeTables.createOrUpdate"]).toBeLessThan(12);
});

test("two writers at the same time lose nothing", async () => {
  const { fake, backend, put } = createBackend({ operationMs: 1_500 });
  const second = createRouteBackend(tools(fake));
  const writes = [backend.apply(put([cidr1, "vm-1"]), options), second.apply(put([cidr2, "vm-2"]), options)];
  await fake.clock.runUntilIdle();
  expect(await Promise.all(writes)).toEqual([
    { put: [cidr1], removed: [] },
    { put: [cidr2], removed: [] },
  ]);
  expect(Object.keys(hops(fake))).toHaveLength(3);
});

test("a write whose operation fails is told with the operation's code, never as success", async () => {
  const { fake, backend, put } = createBackend();
  fake.failNextOperation({ code: "RouteTableRouteLimitExceeded", message: "no more" });
  await expect(backend.apply(put([cidr1, "vm-1"]), options)).rejects.toMatchObject({
    code: "CLOUD_LIMIT",
    details: expect.stringContaining("RouteTableRouteLimitExceeded: no more"),
  });
});

test("of an operation that fails half-way, exactly what stands is told", async () => {
  const { fake, backend, put } = createBackend();
  fake.failNextOperation({ code: "InternalServerError", message: "broke" }, 1);
  expect(await backend.apply(put([cidr1, "vm-1"], [cidr2, "vm-2"]), options)).toEqual({ put: [cidr1], removed: [] });
});

test("a full table refuses: CLOUD_LIMIT, and nothing changes", async () => {
  const { fake, backend, put } = createBackend({}, { routesPerTable: 2 });
  const change = put([cidr1, "vm-1"], [cidr2, "vm-2"]);
  await expect(backend.apply(change, options)).rejects.toMatchObject({ code: "CLOUD_LIMIT" });
  expect(Object.keys(hops(fake))).toEqual(["default"]);
});

test("an IPv6 route goes to the IPv6 address of the node's interface, and is refused where it has none", async () => {
  const { fake, backend, put } = createBackend();
  const cidr = parseCidr("2001:db8:1::/64");
  await expect(backend.apply(put([cidr, "vm-1"]), options)).rejects.toMatchObject({ code: "CLOUD_REJECTED" });
  await backend.apply(put([cidr, "vm-6"]), options);
  expect(hops(fake)).toMatchObject({ "podwire.a.2001-db8-1---64": "2001:db8::4" });
});

test("the list has owners and nodes, foreign routes too, and a blackhole where no machine holds the next hop", async () => {
  const { fake, backend, put } = createBackend();
  await backend.apply(put([cidr1, "vm-1"], [cidr2, "vm-2"]), options);
  fake.model.deleteMachine("vm-2");
  expect(await backend.list(scope, options)).toEqual([
    { cidr: "10.99.0.0/16", nodeId: "10.9.0.4", owner: "foreign", blackhole: true },
    { cidr: cidr1, nodeId: fake.nodeRef("vm-1").id, owner: "ours", blackhole: false },
    { cidr: cidr2, nodeId: "10.0.0.5", owner: "ours", blackhole: true },
  ]);
});

test("interfaces come in pages, and a page that is missing is a failure", async () => {
  const { fake, backend } = createBackend({ pageSize: 1 });
  expect(await backend.list(scope, options)).toHaveLength(1);
  expect(fake.log.counts()["networkInterfaces.list"]).toBe(3);
  fake.faults.add({ action: "networkInterfaces.list", when: { nth: 2 }, effect: { kind: "lose-answer" } });
  await expect(backend.list(scope, options)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
});

test("preflight finds forwarding that is off and a table that routes nothing", async () => {
  const { fake, backend } = createBackend();
  expect(await backend.preflight(fake.nodeRef("vm-1"), options)).toEqual([]);
  const findings = await backend.preflight(fake.nodeRef("vm-2"), options);
  expect(findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["fatal azure-ip-forwarding-off"]);
  const elsewhere = createRouteBackend({ ...tools(fake), routeTableId: fake.model.routeTable("unused").id });
  const found = await elsewhere.preflight(fake.nodeRef("vm-1"), options);
  expect(found.map(({ id }) => id)).toEqual(["azure-route-table-not-associated"]);
});

test("a route table that does not exist is CLOUD_NOT_FOUND with its id", async () => {
  const { fake, put } = createBackend();
  const routeTableId = fake.model.idOf("Microsoft.Network/routeTables", "nothing");
  const backend = createRouteBackend({ ...tools(fake), routeTableId });
  const expected = { code: "CLOUD_NOT_FOUND", message: expect.stringContaining(routeTableId) };
  await expect(backend.apply(put([cidr1, "vm-1"]), options)).rejects.toMatchObject(expected);
});

const scenario: ScenarioInput = {
  virtualNetworks: [
    {
      name: "net",
      addressPrefixes: ["10.0.0.0/16"],
      subnets: [{ name: "nodes", addressPrefixes: ["10.0.0.0/24"], routeTable: "table" }],
    },
  ],
  virtualMachines: [
    { name: "vm-1", networkInterfaces: [{ name: "nic-1", subnet: "net/nodes", enableIPForwarding: true }] },
    { name: "vm-2", networkInterfaces: [{ name: "nic-2", subnet: "net/nodes" }] },
    {
      name: "vm-6",
      networkInterfaces: [
        {
          name: "nic-6",
          subnet: "net/nodes",
          ipConfigurations: [
            { name: "primary" },
            {
              name: "six",
              properties: { privateIPAddress: "2001:db8::4", privateIPAddressVersion: "IPv6", primary: false },
            },
          ],
        },
      ],
    },
  ],
  routeTables: [
    { name: "table", routes: [{ name: "default", addressPrefix: "10.99.0.0/16", nextHopIpAddress: "10.9.0.4" }] },
    { name: "unused" },
  ],
};

function createBackend(behaviour: FakeAzureBehaviour = {}, more: Partial<ScenarioInput> = {}) {
  const clock = new VirtualClock();
  const built = new FakeAzure({ scenario: { ...scenario, ...more }, clock, faults: new FaultPlan(), behaviour });
  const fake = Object.assign(built, { clock });
  const put = (...routes: readonly (readonly [ReturnType<typeof parseCidr>, string])[]) => ({
    token: "t",
    scope,
    put: routes.map(([cidr, machine]) => ({ cidr, node: fake.nodeRef(machine) })),
    remove: [] as readonly ReturnType<typeof parseCidr>[],
  });
  return { fake, backend: createRouteBackend(tools(fake)), put };
}

function tools(fake: FakeAzure) {
  return { api: fake.api(), clock: fake.clock, cluster: "a", routeTableId: fake.model.routeTable("table").id };
}

function hops(fake: FakeAzure): Readonly<Record<string, string | undefined>> {
  const { routes } = fake.model.routeTable("table").properties;
  return Object.fromEntries(routes.map(({ name, properties }) => [name, properties.nextHopIpAddress]));
}
