import { VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";
import type { IpConfiguration, NetworkInterface, Route, RouteTable } from "../api.ts";
import type { FakeAnswer } from "./answer-document.ts";
import { FakeAzure, type FakeAzureBehaviour } from "./fake-azure.ts";
import { interfaceRefusals, noRoom } from "./interface-refusals.ts";
import type { ArmRequest } from "./route-of-request.ts";
import { routeRefusals } from "./route-refusals.ts";
import type { ScenarioInput } from "./scenario.ts";
import { scopeRefusals, writeRefusals } from "./scope-refusals.ts";

const version = "?api-version=2025-05-01";

/** A request that only this row refuses. */
interface Case {
  readonly condition: string;
  readonly request: (fake: FakeAzure) => ArmRequest;
}

const cases: readonly Case[] = [
  { condition: "no api-version", request: (fake) => get(fake.model.interface("nic-1").id, "") },
  { condition: "a path or method that the fake does not serve", request: () => get("/subscriptions/s/nonsense") },
  {
    condition: "a subscription that does not exist",
    request: (fake) => get(fake.model.interface("nic-1").id.replace("00000001", "00000002")),
  },
  {
    condition: "a resource group that does not exist",
    request: (fake) => get(fake.model.interface("nic-1").id.replace("/podwire/", "/other/")),
  },
  { condition: "a resource that does not exist", request: (fake) => get(`${fake.model.interface("nic-1").id}-x`) },
  {
    condition: "an etag that is not the document's",
    request: (fake) => ({ ...putNic(fake, (own) => own), ifMatch: 'W/"old"' }),
  },
  {
    condition: "a document without ipConfigurations",
    request: (fake) => putNic(fake, (own) => ({ ...own, properties: { ...own.properties, ipConfigurations: [] } })),
  },
  {
    condition: "another location than the interface's",
    request: (fake) => putNic(fake, (own) => ({ ...own, location: "westus" })),
  },
  {
    condition: "not exactly one primary configuration",
    request: (fake) => adding(fake, [{ name: "x", properties: { primary: true } }]),
  },
  { condition: "two configurations of one name", request: (fake) => adding(fake, [{ name: "X" }, { name: "x" }]) },
  { condition: "a configuration whose name Azure does not take", request: (fake) => adding(fake, [{ name: "-x" }]) },
  {
    condition: "more configurations than an interface may have",
    request: (fake) =>
      adding(
        fake,
        [1, 2, 3, 4].map((n) => ({ name: `x${n}` })),
      ),
  },
  {
    condition: "a subnet that does not exist",
    request: (fake) => adding(fake, [{ name: "x", properties: { subnet: { id: subnetId(fake, "net", "none") } } }]),
  },
  {
    condition: "a subnet of another network",
    request: (fake) => adding(fake, [{ name: "x", properties: { subnet: { id: subnetId(fake, "other", "s") } } }]),
  },
  {
    condition: "a block of another size than /28",
    request: (fake) => adding(fake, [{ name: "x", properties: { privateIPAddressPrefixLength: 27 } }]),
  },
  { condition: "an address outside its subnet", request: (fake) => naming(fake, "10.0.9.9") },
  {
    condition: "an address that Azure keeps: the first four and the last of a subnet",
    request: (fake) => naming(fake, "10.0.0.3"),
  },
  { condition: "an address that somebody else holds", request: (fake) => naming(fake, "10.0.0.5") },
  {
    condition: "a document without routes",
    request: (fake) => putTable(fake, undefined as unknown as readonly Route[]),
  },
  {
    condition: "more routes than a table may have",
    request: (fake) =>
      putTable(
        fake,
        [1, 2, 3].map((n) => routeTo(`10.1.${n}.0/24`, { name: `r${n}` })),
      ),
  },
  {
    condition: "two routes of one name",
    request: (fake) => putTable(fake, [routeTo("10.1.1.0/24"), routeTo("10.1.2.0/24")]),
  },
  { condition: "a prefix that is none", request: (fake) => putTable(fake, [routeTo("10.1.1.1/24")]) },
  {
    condition: "two routes of one prefix",
    request: (fake) => putTable(fake, [routeTo("10.1.1.0/24"), routeTo("10.1.1.0/24", { name: "other" })]),
  },
  {
    condition: "a next hop of a type that there is not",
    request: (fake) => putTable(fake, [routeTo("10.1.1.0/24", { nextHopType: "Elsewhere" })]),
  },
  {
    condition: "an address of the next hop without VirtualAppliance, or VirtualAppliance without one",
    request: (fake) => putTable(fake, [routeTo("10.1.1.0/24", { nextHopType: "Internet" })]),
  },
];

const rows = [...scopeRefusals, ...writeRefusals, ...interfaceRefusals, ...routeRefusals];

for (const { condition, request } of cases) {
  test(`refused: ${condition}`, async () => {
    const fake = createFake();
    const before = JSON.stringify([fake.model.interface("nic-1"), fake.model.routeTable("table")]);
    const row = rows.find((one) => one.condition === condition);
    expect(await send(fake, request(fake))).toMatchObject({
      status: row?.httpStatus,
      document: { error: { code: row?.code } },
    });
    expect(JSON.stringify([fake.model.interface("nic-1"), fake.model.routeTable("table")])).toBe(before);
  });
}

test("every row has its case, but the one that needs time", () => {
  const covered = new Set(cases.map(({ condition }) => condition));
  const missing = rows.filter(({ condition }) => !covered.has(condition)).map(({ condition }) => condition);
  expect(missing).toEqual(["another operation on the same document goes on"]);
  expect(rows.every(({ source }) => source !== "")).toBe(true);
});

test("while an operation goes on, another write of the document is refused, and reads are not", async () => {
  const fake = createFake({ operationMs: 1_000 });
  expect(await send(fake, adding(fake, [{ name: "x" }]))).toMatchObject({ status: 200 });
  const refusal = { status: 429, headers: { "retry-after": "1" }, document: { error: { code: "RetryableError" } } };
  expect(await send(fake, adding(fake, [{ name: "y" }]))).toMatchObject(refusal);
  expect(await send(fake, get(fake.model.interface("nic-1").id))).toMatchObject({ status: 200 });
  await fake.clock.advance(1_000);
  expect(await send(fake, adding(fake, [{ name: "y" }]))).toMatchObject({ status: 200 });
});

test("a subnet without room refuses the document whole", async () => {
  const fake = createFake();
  fake.model.occupy("net/nodes", 1);
  const answer = await send(fake, adding(fake, [{ name: "x" }, { name: "y" }]));
  expect(answer).toMatchObject({ status: noRoom.httpStatus, document: { error: { code: noRoom.code } } });
  expect(fake.model.freeAddresses("net/nodes")).toBe(1);
});

test("what is missing from the document is released, and a block is aligned to its size", async () => {
  const fake = createFake();
  const free = fake.model.freeAddresses("net/nodes");
  await send(fake, adding(fake, [{ name: "x" }, { name: "b", properties: { privateIPAddressPrefixLength: 28 } }]));
  expect(addresses(fake)).toEqual(["10.0.0.4", "10.0.0.6", "10.0.0.16/28"]);
  expect(fake.model.freeAddresses("net/nodes")).toBe(free - 17);
  await send(
    fake,
    putNic(fake, (own) => withConfigurations(own, own.properties.ipConfigurations.slice(0, 1))),
  );
  expect(addresses(fake)).toEqual(["10.0.0.4"]);
  expect(fake.model.freeAddresses("net/nodes")).toBe(free);
});

test("ids ignore case", async () => {
  const fake = createFake();
  expect(await send(fake, get(fake.model.interface("nic-1").id.toUpperCase()))).toMatchObject({ status: 200 });
});

test("too many writes are throttled with the time to wait, reads are counted apart", async () => {
  const fake = createFake({ admission: { writes: { capacity: 1, refillPerSecond: 0.1 } } });
  expect(await send(fake, adding(fake, [{ name: "x" }]))).toMatchObject({ status: 200 });
  const refusal = { status: 429, headers: { "retry-after": "10" } };
  expect(await send(fake, adding(fake, [{ name: "y" }]))).toMatchObject(refusal);
  expect(await send(fake, get(fake.model.interface("nic-1").id))).toMatchObject({ status: 200 });
  await fake.clock.advance(10_000);
  expect(await send(fake, adding(fake, [{ name: "y" }]))).toMatchObject({ status: 200 });
});

test("a denied action is refused with the permission it needs", async () => {
  const fake = createFake({ admission: { denied: ["networkInterfaces.createOrUpdate"] } });
  const answer = await send(fake, adding(fake, [{ name: "x" }]));
  expect(answer).toMatchObject({ status: 403, document: { error: { code: "AuthorizationFailed" } } });
  expect(JSON.stringify(answer)).toContain("Microsoft.Network/networkInterfaces/write");
});

test("a read that lags shows the document as it was", async () => {
  const fake = createFake({ readLagMs: 1_000 });
  await fake.clock.advance(5_000);
  await send(fake, adding(fake, [{ name: "x" }]));
  const shown = async () => JSON.stringify(await send(fake, get(fake.model.interface("nic-1").id)));
  expect(await shown()).not.toContain('"x"');
  await fake.clock.advance(1_001);
  expect(await shown()).toContain('"x"');
});

test("a scenario that cannot be is refused with the place", () => {
  const wrong = { ...scenario, virtualNetworks: [{ name: "net", addressPrefixes: ["10.0.0.1/24"], subnets: [] }] };
  const create = () => new FakeAzure({ scenario: wrong, clock: new VirtualClock() });
  expect(create).toThrow(/virtualNetworks.0.addressPrefixes.0/);
});

const scenario: ScenarioInput = {
  virtualNetworks: [
    { name: "net", addressPrefixes: ["10.0.0.0/16"], subnets: [{ name: "nodes", addressPrefixes: ["10.0.0.0/24"] }] },
    { name: "other", addressPrefixes: ["10.1.0.0/16"], subnets: [{ name: "s", addressPrefixes: ["10.1.0.0/24"] }] },
  ],
  virtualMachines: [
    {
      name: "vm-1",
      networkInterfaces: [
        { name: "nic-1", subnet: "net/nodes" },
        { name: "nic-2", subnet: "net/nodes" },
      ],
    },
  ],
  routeTables: [{ name: "table" }],
  addressesPerInterface: 4,
  routesPerTable: 2,
};

function createFake(behaviour: FakeAzureBehaviour = {}) {
  const clock = new VirtualClock();
  return Object.assign(new FakeAzure({ scenario, clock, behaviour }), { clock });
}

async function send(fake: FakeAzure, request: ArmRequest): Promise<FakeAnswer> {
  const outcome = await fake.perform(request, { caller: "test", baseUrl: "https://fake" });
  if (outcome.kind !== "answered") throw new Error(`the call was ${outcome.kind}`);
  return outcome.answer;
}

function get(id: string, query = version): ArmRequest {
  return { method: "GET", path: `${id}${query}` };
}

function putNic(fake: FakeAzure, edit: (own: NetworkInterface) => NetworkInterface): ArmRequest {
  const own = fake.model.interface("nic-1");
  return { method: "PUT", path: `${own.id}${version}`, body: edit(own) };
}

type NewConfiguration = { readonly name: string; readonly properties?: Partial<IpConfiguration["properties"]> };

function adding(fake: FakeAzure, configurations: readonly NewConfiguration[]): ArmRequest {
  const subnet = { id: subnetId(fake, "net", "nodes") };
  return putNic(fake, (own) => {
    const added = configurations.map(({ name, properties }) => ({ name, properties: { subnet, ...properties } }));
    return withConfigurations(own, [...own.properties.ipConfigurations, ...added]);
  });
}

function naming(fake: FakeAzure, privateIPAddress: string): ArmRequest {
  return adding(fake, [{ name: "x", properties: { privateIPAddress, privateIPAllocationMethod: "Static" } }]);
}

function withConfigurations(own: NetworkInterface, ipConfigurations: readonly IpConfiguration[]): NetworkInterface {
  return { ...own, properties: { ...own.properties, ipConfigurations } };
}

function putTable(fake: FakeAzure, routes: readonly Route[]): ArmRequest {
  const table: RouteTable = fake.model.routeTable("table");
  return { method: "PUT", path: `${table.id}${version}`, body: { ...table, properties: { routes } } };
}

function routeTo(addressPrefix: string, other: { readonly name?: string; readonly nextHopType?: string } = {}): Route {
  const { name = "r", nextHopType = "VirtualAppliance" } = other;
  return { name, properties: { addressPrefix, nextHopType, nextHopIpAddress: "10.0.0.4" } };
}

function subnetId(fake: FakeAzure, network: string, subnet: string): string {
  return `${fake.model.idOf("Microsoft.Network/virtualNetworks", network)}/subnets/${subnet}`;
}

function addresses(fake: FakeAzure): readonly (string | undefined)[] {
  return fake.model.interface("nic-1").properties.ipConfigurations.map(({ properties }) => properties.privateIPAddress);
}
