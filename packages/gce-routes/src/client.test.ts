import { InstancesClient } from "@google-cloud/compute/build/src/v1/instances_client.js";
import { neverCancelled } from "@podwire/core";
import { FaultPlan, type FaultRule, VirtualClock } from "@podwire/testkit";
import { GoogleAuth, OAuth2Client } from "google-auth-library";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createAdapter } from "./adapter.ts";
import { createComputeClient } from "./client.ts";
import { failureOfThrown } from "./compute-call.ts";
import { FakeGce, type ScenarioInput } from "./testing/index.ts";

afterEach(() => vi.unstubAllEnvs());

const options = { signal: neverCancelled };
const alias = { ipCidrRange: "10.4.0.0/28", subnetworkRangeName: "pods" };
const place = { project: "p1", zone: "europe-west1-b", instance: "node-1" };
const scenario: ScenarioInput = {
  networks: [{ name: "main" }],
  subnetworks: [
    {
      name: "nodes",
      network: "main",
      region: "europe-west1",
      ipCidrRange: "10.0.0.0/24",
      secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "10.4.0.0/20" }],
    },
  ],
  instances: [
    { name: "node-1", zone: "europe-west1-b", networkInterfaces: [{ subnetwork: "nodes", aliasIpRanges: [alias] }] },
  ],
};

function token(): OAuth2Client {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: "node-1", expiry_date: Date.now() + 3_600_000 });
  return authClient;
}

async function open(rules: readonly FaultRule[] = [], callTimeoutMs = 10_000) {
  const clock = new VirtualClock();
  const fake = new FakeGce({ scenario, clock, faults: new FaultPlan(rules) });
  const server = await fake.serveRest({ host: "127.0.0.1", port: 0 });
  const client = createComputeClient({ callTimeoutMs, endpoint: server.url, authClient: token() });
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  const fingerprint = () => fake.model.instance("node-1").networkInterfaces[0]?.fingerprint ?? "";
  const clear = () => {
    const update = { ...place, networkInterface: "nic0", fingerprint: fingerprint(), aliasIpRanges: [] };
    return client.updateNetworkInterface({ ...update, requestId: crypto.randomUUID() }, options);
  };
  const held = () => fake.model.instance("node-1").networkInterfaces[0]?.aliasIpRanges;
  return { fake, server, client, clear, held, fingerprint };
}

test("the empty list is sent; the SDK's own call leaves it out, and nothing changes", async () => {
  const { server, clear, held, fingerprint } = await open();
  const { hostname, port } = new URL(server.url);
  const auth = new GoogleAuth({ authClient: token() });
  const sdk = new InstancesClient({
    fallback: true,
    protocol: "http",
    apiEndpoint: hostname,
    port: Number(port),
    auth,
  });
  onTestFinished(() => sdk.close());
  const networkInterfaceResource = { fingerprint: fingerprint(), aliasIpRanges: [] };
  await sdk.updateNetworkInterface({ ...place, networkInterface: "nic0", networkInterfaceResource });
  expect(held()).toEqual([alias]);
  await clear();
  expect(held()).toEqual([]);
});

test("an operation has its own name, not the number that the SDK's wrapper calls so", async () => {
  const { clear } = await open();
  expect(await clear()).toEqual({ name: expect.stringMatching(/^operation-/), done: false });
});

test("a failed operation is told: the SDK answers as if nothing were wrong", async () => {
  const effect = { kind: "fail", code: "CONDITION_NOT_MET", message: "stale" } as const;
  const { client, clear } = await open([
    { action: "instances.updateNetworkInterface#operation", when: "always", effect },
  ]);
  const { name } = await clear();
  const ended = await client.waitZoneOperation({ ...place, operation: name }, options);
  expect(ended).toEqual({ name, done: true, error: { code: "CONDITION_NOT_MET", message: "stale" } });
});

test("a wait that is held longer than a call may take goes on", async () => {
  const delay = { kind: "delay", delayMs: 60_000 } as const;
  const { client } = await open([{ action: "zoneOperations.wait", when: "always", effect: delay }], 300);
  expect(await client.waitZoneOperation({ ...place, operation: "operation-1" }, options)).toEqual({
    name: "operation-1",
    done: false,
  });
});

describe("answers that do not come", () => {
  test.each([
    { how: "reset", ofRead: "CLOUD_UNREACHABLE" },
    { how: "truncated", ofRead: "CLOUD_UNREACHABLE" },
    { how: "html-503", ofRead: "CLOUD_THROTTLED" },
  ] as const)("$how", async ({ how, ofRead }) => {
    const { fake, client, clear, held } = await open([
      { action: "*", when: "always", effect: { kind: "lose-answer", how } },
    ]);
    await expect(client.getInstance(place, options)).rejects.toMatchObject({ code: ofRead });
    await expect(clear()).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
    expect([held(), fake.log.calls.length]).toEqual([[], 2]);
  });

  test("for longer than a call may take", async () => {
    const delay = { kind: "delay", delayMs: 60_000 } as const;
    const { client, clear } = await open([{ action: "*", when: "always", effect: delay }], 300);
    await expect(client.getInstance(place, options)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
    await expect(clear()).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
  });

  test("nobody listens: nothing was sent", async () => {
    const { server, client, clear } = await open();
    await server.close();
    await expect(client.getInstance(place, options)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
    await expect(clear()).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
  });
});

test.each([
  { code: "rateLimitExceeded", expected: "CLOUD_THROTTLED" },
  { code: "backendError", expected: "CLOUD_UNREACHABLE" },
])("the SDK sends one request and no more when it is told $code", async ({ code, expected }) => {
  const { fake, client } = await open([{ action: "*", when: "always", effect: { kind: "fail", code } }]);
  await expect(client.getInstance(place, options)).rejects.toMatchObject({ code: expected });
  expect(fake.log.counts()).toEqual({ "instances.get": 1 });
});

test("where there are no credentials nothing is sent, and the process lives", async () => {
  const { fake, server } = await open();
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/key.json");
  const client = createComputeClient({ callTimeoutMs: 5_000, endpoint: server.url });
  await expect(client.getInstance(place, options)).rejects.toMatchObject({ code: "CLOUD_CREDENTIALS" });
  expect(fake.log.calls).toEqual([]);
});

test("the adapter finds credentials and itself at the metadata server, and its interface in the cloud", async () => {
  const { fake, server } = await open();
  const metadata = await fake.serveMetadata({ host: "127.0.0.1", port: 0, instance: "node-1" });
  onTestFinished(() => metadata.close());
  vi.stubEnv("GCE_METADATA_HOST", `127.0.0.1:${metadata.port}`);
  vi.stubEnv("METADATA_SERVER_DETECTION", "assume-present");
  vi.stubEnv("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", `${server.url}/compute/v1/`);
  const adapter = createAdapter({ cluster: "blue", clock: fake.clock, callTimeoutMs: 10_000 });
  onTestFinished(() => adapter.close());
  const node = await adapter.identity.self(neverCancelled);
  expect(node).toEqual(fake.nodeRef("node-1"));
  const { interfaces } = await adapter.provider.describe(node, options);
  expect(interfaces.map(({ blocks }) => blocks)).toEqual([["10.4.0.0/28"]]);
  expect(fake.log.calls.map(({ caller }) => caller)).toEqual(["node-1", "node-1"]);
});

describe("shapes that the SDK throws", () => {
  const document = JSON.stringify({ error: { code: 409, message: "m", errors: [{ reason: "alreadyExists" }] } });
  test.each([
    { name: "GaxiosError", thrown: { code: 409, status: 409, message: document }, reason: "alreadyExists", http: 409 },
    { name: "GoogleError", thrown: { name: "GoogleError", code: 10, message: "m" }, reason: "unknown", http: 409 },
    { name: "GoogleError", thrown: { name: "GoogleError", code: 9, message: "m" }, reason: "unknown", http: 412 },
    { name: "GoogleError", thrown: { name: "GoogleError", code: 5, message: "m" }, reason: "unknown", http: 404 },
  ])("$name with code $thrown.code is HTTP $http", ({ thrown, reason, http }) => {
    const error = Object.assign(new Error(thrown.message), thrown);
    expect(failureOfThrown(error)).toEqual({ kind: "refused", reason, message: "m", httpStatus: http });
  });
});
