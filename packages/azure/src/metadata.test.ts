import { createCancelSource, neverCancelled } from "@podwire/core";
import { FaultPlan, monotonicClock, VirtualClock } from "@podwire/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { createMetadataIdentity } from "./metadata.ts";
import { FakeAzure } from "./testing/fake-azure.ts";
import type { ScenarioInput } from "./testing/scenario.ts";
import type { FakeServer } from "./testing/server.ts";

const servers: FakeServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

test("a machine knows itself, but for its network, which Azure's metadata do not tell", async () => {
  const { fake, identity } = await serve("vm-1");
  expect(await identity.self(neverCancelled)).toEqual({ ...fake.nodeRef("vm-1"), networkId: "" });
});

test("a machine in no zone is in its region", async () => {
  const { identity } = await serve("vm-0");
  expect(await identity.self(neverCancelled)).toMatchObject({ region: "westeurope", zone: "westeurope" });
});

test("it is asked once, and a failure is asked again", async () => {
  const { fake, identity } = await serve("vm-1");
  fake.faults.add({ action: "Metadata", when: { nth: 1 }, effect: { kind: "fail", code: "503" } });
  await expect(identity.self(neverCancelled)).rejects.toMatchObject({
    code: "CLOUD_UNREACHABLE",
    message: "the metadata service answered HTTP 503",
  });
  const self = await identity.self(neverCancelled);
  fake.faults.add({ action: "Metadata", when: "always", effect: { kind: "lose-answer" } });
  expect(await identity.self(neverCancelled)).toBe(self);
});

test("no answer is CLOUD_UNREACHABLE", async () => {
  const { fake, identity } = await serve("vm-1");
  fake.faults.add({ action: "Metadata", when: "always", effect: { kind: "lose-answer" } });
  await expect(identity.self(neverCancelled)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
});

test("a question that is aborted is CANCELLED", async () => {
  const { identity } = await serve("vm-1");
  const source = createCancelSource();
  const asked = expect(identity.self(source.signal)).rejects.toMatchObject({ code: "CANCELLED" });
  source.abort("enough");
  await asked;
  await expect(identity.self(source.signal)).rejects.toMatchObject({ code: "CANCELLED" });
});

describe("the fake's metadata service refuses", () => {
  const version = "?api-version=2021-02-01";
  const metadata = { metadata: "true" };
  const rows = [
    { what: "a request without the header", path: `/metadata/instance${version}`, headers: {}, status: 400 },
    { what: "a request without a version", path: "/metadata/instance", headers: metadata, status: 400 },
    {
      what: "a request through a proxy",
      path: `/metadata/instance${version}`,
      headers: { ...metadata, "x-forwarded-for": "10.0.0.9" },
      status: 400,
    },
    { what: "a path that there is not", path: `/metadata/other${version}`, headers: metadata, status: 404 },
    {
      what: "a token for nothing",
      path: `/metadata/identity/oauth2/token${version}`,
      headers: metadata,
      status: 400,
    },
  ];
  test.each(rows)("$what: $status", async ({ path, headers, status }) => {
    const { server } = await serve("vm-1");
    expect((await fetch(`${server.url}${path}`, { headers: { ...headers } })).status).toBe(status);
  });
});

test("the fake gives a managed identity's token", async () => {
  const { server } = await serve("vm-1");
  const path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com";
  const answer = await fetch(`${server.url}${path}`, { headers: { metadata: "true" } });
  expect(await answer.json()).toMatchObject({ access_token: "vm-1", token_type: "Bearer" });
});

const scenario: ScenarioInput = {
  location: "westeurope",
  virtualNetworks: [
    { name: "net", addressPrefixes: ["10.0.0.0/16"], subnets: [{ name: "nodes", addressPrefixes: ["10.0.0.0/24"] }] },
  ],
  virtualMachines: [
    { name: "vm-0", zone: "", networkInterfaces: [{ name: "nic-0", subnet: "net/nodes" }] },
    { name: "vm-1", networkInterfaces: [{ name: "nic-1", subnet: "net/nodes" }] },
  ],
};

async function serve(machineName: string) {
  const fake = new FakeAzure({ scenario, clock: new VirtualClock(), faults: new FaultPlan() });
  const server = await fake.serveMetadata({ host: "127.0.0.1", port: 0, machineName });
  servers.push(server);
  return { fake, server, identity: createMetadataIdentity({ clock: monotonicClock(), endpoint: server.url }) };
}
