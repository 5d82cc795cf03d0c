import { NetworkManagementClient } from "@azure/arm-network";
import { neverCancelled } from "@podwire/core";
import { FaultPlan, VirtualClock } from "@podwire/testkit";
import { afterEach, expect, test } from "vitest";
import { createArmClient } from "./client.ts";
import { FakeAzure, type FakeAzureBehaviour } from "./testing/fake-azure.ts";
import type { FakeArmServer } from "./testing/rest-server.ts";
import type { ScenarioInput } from "./testing/scenario.ts";

const options = { signal: neverCancelled };
const servers: FakeArmServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

test("the SDK does not retry: 429 with Retry-After is one request, told with the time", async () => {
  const { fake, client, nicId } = await serve();
  const effect = { kind: "fail", code: "TooManyRequests", retryAfterMs: 7_000 } as const;
  fake.faults.add({ action: "networkInterfaces.get", when: "always", effect });
  await expect(client.getNetworkInterface(nicId, options)).rejects.toMatchObject({
    code: "CLOUD_THROTTLED",
    retryAfterMs: 7_000,
  });
  expect(fake.log.counts()).toEqual({ "networkInterfaces.get": 1 });
});

const losses = [
  { how: "reset", read: "CLOUD_UNREACHABLE" },
  { how: "truncated", read: "CLOUD_UNREACHABLE" },
  { how: "html-503", read: "CLOUD_THROTTLED" },
] as const;
for (const { how, read } of losses) {
  test(`an answer that is lost (${how}): ${read} of a read, unknown of a write, one request each`, async () => {
    const { fake, client, nicId } = await serve();
    const document = await client.getNetworkInterface(nicId, options);
    fake.log.clear();
    fake.faults.add({ action: "*", when: "always", effect: { kind: "lose-answer", how } });
    await expect(client.getNetworkInterface(nicId, options)).rejects.toMatchObject({ code: read });
    await expect(client.putNetworkInterface(document, options)).rejects.toMatchObject({
      code: "CLOUD_OUTCOME_UNKNOWN",
    });
    expect(fake.log.counts()).toEqual({ "networkInterfaces.get": 1, "networkInterfaces.createOrUpdate": 1 });
  });
}

test("an etag that is old is CLOUD_CONFLICT with Azure's codes", async () => {
  const { client, nicId } = await serve();
  const document = await client.getNetworkInterface(nicId, options);
  await expect(client.putNetworkInterface({ ...document, etag: 'W/"old"' }, options)).rejects.toMatchObject({
    code: "CLOUD_CONFLICT",
    details: expect.stringContaining("PreconditionFailed"),
  });
});

test("nobody listens: CLOUD_UNREACHABLE, for a write too", async () => {
  const { client, server, nicId } = await serve();
  const document = await client.getNetworkInterface(nicId, options);
  await server.close();
  // Its own, or the write goes out on a connection that is about to break, and nobody knows what became of it.
  const { url: endpoint, certificate: ca } = server;
  const late = createArmClient({ callTimeoutMs: 5_000, credential: credentialOf("x"), endpoint, ca });
  await expect(late.putNetworkInterface(document, options)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
});

test("a certificate that nobody vouches for: nothing is sent", async () => {
  const { fake, server, nicId } = await serve();
  const client = createArmClient({ callTimeoutMs: 5_000, credential: credentialOf("x"), endpoint: server.url });
  await expect(client.getNetworkInterface(nicId, options)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
  expect(fake.log.calls).toEqual([]);
});

test("no credentials: CLOUD_CREDENTIALS that names the permission", async () => {
  const { fake, server, nicId } = await serve();
  const getToken = () => Promise.reject(Object.assign(new Error("none"), { name: "CredentialUnavailableError" }));
  const { url: endpoint, certificate: ca } = server;
  const client = createArmClient({ callTimeoutMs: 5_000, credential: { getToken }, endpoint, ca });
  await expect(client.getNetworkInterface(nicId, options)).rejects.toMatchObject({
    code: "CLOUD_CREDENTIALS",
    message: expect.stringContaining("Microsoft.Network/networkInterfaces/read"),
  });
  expect(fake.log.calls).toEqual([]);
});

test("a call that takes too long is unreachable for a read and unknown for a write, not cancelled", async () => {
  const { fake, server, nicId, client } = await serve();
  const document = await client.getNetworkInterface(nicId, options);
  const { url: endpoint, certificate: ca } = server;
  const hasty = createArmClient({ callTimeoutMs: 50, credential: credentialOf("x"), endpoint, ca });
  fake.faults.add({ action: "*", when: "always", effect: { kind: "delay", delayMs: 60_000 } });
  await expect(hasty.getNetworkInterface(nicId, options)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
  await expect(hasty.putNetworkInterface(document, options)).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
});

test("a token is not sent to the host that an operation's address names", async () => {
  const { client } = await serve();
  const operation = { url: "https://example.com/subscriptions/s/operations/1" };
  await expect(client.getOperation(operation, options)).rejects.toMatchObject({ code: "CLOUD_REJECTED" });
});

test("a list comes in pages to its end", async () => {
  const { fake, client } = await serve({ pageSize: 1 });
  const { subscriptionId, resourceGroup } = fake.model.world.scenario;
  const all = await client.listNetworkInterfaces({ subscriptionId, resourceGroup }, options);
  expect(all.map(({ name }) => name)).toEqual(["nic-1", "nic-2"]);
  expect(all[0]?.properties).toMatchObject({ unheardOf: { by: ["podwire"] } });
});

test("whether an address is free is asked of the network", async () => {
  const { fake, client } = await serve();
  const virtualNetworkId = fake.model.idOf("Microsoft.Network/virtualNetworks", "net");
  expect(await client.isAddressAvailable({ virtualNetworkId, ipAddress: "10.0.0.4" }, options)).toBe(false);
  expect(await client.isAddressAvailable({ virtualNetworkId, ipAddress: "10.0.0.99" }, options)).toBe(true);
});

test("the SDK's own calls work on the fake: pollers, If-Match on every poll, single routes", async () => {
  const { fake, server } = await serve();
  const sdk = sdkOf(server);
  const nic = await sdk.networkInterfaces.get("podwire", "nic-1");
  const ipConfigurations = [...(nic.ipConfigurations ?? []), blockIn(nic.ipConfigurations?.[0]?.subnet?.id)];
  const customHeaders = { "If-Match": nic.etag ?? "" };
  const body = { ...nic, ipConfigurations };
  const poll = { updateIntervalInMs: 1, requestOptions: { customHeaders } };
  const after = await sdk.networkInterfaces.beginCreateOrUpdateAndWait("podwire", "nic-1", body, poll);
  expect(after.ipConfigurations?.[1]?.privateIPAddress).toBe("10.0.0.16/28");
  const route = { addressPrefix: "10.244.0.0/24", nextHopType: "VirtualAppliance", nextHopIpAddress: "10.0.0.4" };
  await sdk.routes.beginCreateOrUpdateAndWait("podwire", "table", "r1", route, { updateIntervalInMs: 1 });
  expect((await sdk.routes.get("podwire", "table", "r1")).addressPrefix).toBe("10.244.0.0/24");
  await sdk.routes.beginDeleteAndWait("podwire", "table", "r1", { updateIntervalInMs: 1 });
  expect(fake.model.routeTable("table").properties.routes).toEqual([]);
  expect((await sdk.subnets.get("podwire", "net", "nodes")).addressPrefix).toBe("10.0.0.0/24");
});

test("why the SDK's models and pollers are not used: the one drops what it does not know, the other the code", async () => {
  const { fake, server } = await serve();
  const sdk = sdkOf(server);
  const nic = await sdk.networkInterfaces.get("podwire", "nic-1");
  await sdk.networkInterfaces.beginCreateOrUpdateAndWait("podwire", "nic-1", nic, { updateIntervalInMs: 1 });
  expect(fake.model.interface("nic-1").properties).not.toHaveProperty("unheardOf");
  fake.failNextOperation({ code: "SubnetIsFull", message: "no room" });
  const failed = sdk.networkInterfaces.beginCreateOrUpdateAndWait("podwire", "nic-1", nic, { updateIntervalInMs: 1 });
  const thrown: unknown = await failed.catch((error: unknown) => error);
  expect(thrown).not.toHaveProperty("code");
  expect(String(thrown)).toContain("SubnetIsFull");
});

const scenario: ScenarioInput = {
  virtualNetworks: [
    { name: "net", addressPrefixes: ["10.0.0.0/16"], subnets: [{ name: "nodes", addressPrefixes: ["10.0.0.0/24"] }] },
  ],
  virtualMachines: [
    {
      name: "vm-1",
      networkInterfaces: [
        { name: "nic-1", subnet: "net/nodes", properties: { unheardOf: { by: ["podwire"] } } },
        { name: "nic-2", subnet: "net/nodes" },
      ],
    },
  ],
  routeTables: [{ name: "table" }],
};

async function serve(behaviour: FakeAzureBehaviour = {}) {
  const fake = new FakeAzure({ scenario, clock: new VirtualClock(), faults: new FaultPlan(), behaviour });
  const server = await fake.serveRest({ host: "127.0.0.1", port: 0 });
  servers.push(server);
  const { url: endpoint, certificate: ca } = server;
  const client = createArmClient({ callTimeoutMs: 10_000, credential: credentialOf("vm-1"), endpoint, ca });
  return { fake, server, client, nicId: fake.model.interface("nic-1").id };
}

function sdkOf({ url: endpoint, certificate: ca }: FakeArmServer): NetworkManagementClient {
  const subscription = "00000000-0000-4000-8000-000000000001";
  return new NetworkManagementClient(credentialOf("person"), subscription, { endpoint, tlsOptions: { ca } });
}

function credentialOf(token: string) {
  return { getToken: async () => ({ token, expiresOnTimestamp: 4_102_444_800_000 }) };
}

function blockIn(subnetId: string | undefined) {
  return {
    name: "block",
    privateIPAddressPrefixLength: 28,
    ...(subnetId === undefined ? {} : { subnet: { id: subnetId } }),
  };
}
