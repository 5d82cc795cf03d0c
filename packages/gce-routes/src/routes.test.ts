import { type Cidr, neverCancelled, parseCidr, type RouteBackend, type RouteChange } from "@podwire/core";
import { FaultPlan, type FaultRule, VirtualClock } from "@podwire/testkit";
import { OAuth2Client } from "google-auth-library";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ComputeApi } from "./api.ts";
import { createComputeClient } from "./client.ts";
import { routeName } from "./route-plan.ts";
import { createGceRoutes } from "./routes.ts";
import { FakeGce, type ScenarioInput } from "./testing/index.ts";

const options = { signal: neverCancelled };
const scope = { clusterName: "blue", networkId: "projects/p1/global/networks/main" };
const [a, b, v6] = [parseCidr("10.64.1.0/24"), parseCidr("10.64.2.0/24"), parseCidr("fd00:1::/64")] as const;

const scenario: ScenarioInput = {
  networks: [{ name: "main", staticRoutesPerNetwork: 6 }, { name: "other" }],
  subnetworks: [
    { name: "nodes", network: "main", region: "europe-west1", ipCidrRange: "10.0.0.0/24" },
    { name: "others", network: "other", region: "europe-west1", ipCidrRange: "10.0.0.0/24" },
  ],
  instances: [
    { name: "node-1", zone: "europe-west1-b", canIpForward: true, networkInterfaces: [{ subnetwork: "nodes" }] },
    { name: "node-2", zone: "europe-west1-c", canIpForward: true, networkInterfaces: [{ subnetwork: "nodes" }] },
    { name: "closed", zone: "europe-west1-c", networkInterfaces: [{ subnetwork: "nodes" }] },
  ],
  routes: [
    { name: "internet", network: "main", destRange: "0.0.0.0/0", nextHopGateway: "global/gateways/default" },
    { name: "elsewhere", network: "other", destRange: "10.64.1.0/24", nextHopInstance: "zones/z/instances/x" },
  ],
};

interface Place {
  readonly fake: FakeGce;
  readonly routes: RouteBackend;
  readonly api: ComputeApi;
  readonly clock: VirtualClock;
}

function inProcess(rules: readonly FaultRule[] = [], fakeOptions = {}): Place {
  const clock = new VirtualClock();
  const fake = new FakeGce({ scenario, clock, faults: new FaultPlan(rules), ...fakeOptions });
  return { fake, clock, api: fake.api(), routes: createGceRoutes({ api: fake.api(), clock }) };
}

async function onTheWire(): Promise<Place> {
  const { fake, clock } = inProcess();
  const server = await fake.serveRest({ host: "127.0.0.1", port: 0 });
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: "node-1", expiry_date: Date.now() + 3_600_000 });
  const api = createComputeClient({ callTimeoutMs: 10_000, endpoint: server.url, authClient, pageSize: 1 });
  onTestFinished(async () => {
    api.close();
    await server.close();
  });
  return { fake, clock, api, routes: createGceRoutes({ api, clock }) };
}

function change(fake: FakeGce, what: Partial<Pick<RouteChange, "remove">> & { put?: [Cidr, string][] }): RouteChange {
  const put = (what.put ?? []).map(([cidr, name]) => ({ cidr, node: fake.nodeRef(name) }));
  return { token: `token ${fake.log.calls.length}`, scope, put, remove: what.remove ?? [] };
}

describe.each([
  { door: "in-process", open: async () => inProcess() },
  { door: "through the SDK over HTTP", open: onTheWire },
])("routes, $door", ({ open }) => {
  test("a route is put, listed as ours, and removed", async () => {
    const { fake, routes } = await open();
    const put = await routes.apply(
      change(fake, {
        put: [
          [a, "node-1"],
          [v6, "node-1"],
        ],
      }),
      options,
    );
    expect(put).toEqual({ put: [a, v6], removed: [] });
    const own = (await routes.list(scope, options)).filter(({ owner }) => owner === "ours");
    const nodeId = "projects/p1/zones/europe-west1-b/instances/node-1";
    expect(own).toEqual([a, v6].map((cidr) => ({ cidr, nodeId, owner: "ours", blackhole: false })));
    expect(await routes.apply(change(fake, { remove: [a, b] }), options)).toEqual({ put: [], removed: [a, b] });
    expect([...fake.model.world.routes.keys()].filter((name) => name.startsWith("podwire"))).toHaveLength(1);
  });

  test("one node CIDR costs one call that changes something, and none when it stands", async () => {
    const { fake, routes } = await open();
    await routes.apply(change(fake, { put: [[a, "node-1"]] }), options);
    await routes.apply(change(fake, { put: [[a, "node-1"]] }), options);
    expect(fake.log.counts()).toMatchObject({ "routes.insert": 1, "globalOperations.wait": 1 });
  });

  test("a route of ours that leads to another node is replaced", async () => {
    const { fake, routes } = await open();
    await routes.apply(change(fake, { put: [[a, "node-1"]] }), options);
    expect(await routes.apply(change(fake, { put: [[a, "node-2"]] }), options)).toEqual({ put: [a], removed: [] });
    const [own] = (await routes.list(scope, options)).filter(({ owner }) => owner === "ours");
    expect(own?.nodeId).toBe("projects/p1/zones/europe-west1-c/instances/node-2");
  });

  test("a range inside a subnetwork is refused by name", async () => {
    const { fake, routes } = await open();
    const inside = parseCidr("10.0.0.128/25");
    const refused = routes.apply(change(fake, { put: [[inside, "node-1"]] }), options);
    await expect(refused).rejects.toMatchObject({ code: "CLOUD_REJECTED", details: expect.stringContaining("nodes") });
  });
});

test("names differ by cluster, network, family and range, and are names", () => {
  const network = { name: "main", selfLink: "", mtu: 1460, subnetworks: [] };
  const longest = parseCidr("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ff00/120");
  const names = [
    ...[a, b, v6, longest].map((cidr) => routeName(scope, network, cidr)),
    routeName({ ...scope, clusterName: "green" }, network, a),
    routeName(scope, { ...network, name: "other" }, a),
  ];
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][-a-z0-9]{0,61}[a-z0-9]$/);
});

test("another cluster's route for the same range is foreign", async () => {
  const { fake, routes } = inProcess();
  await routes.apply(change(fake, { put: [[a, "node-1"]] }), options);
  const green = { ...change(fake, { put: [[a, "node-2"]], remove: [] }), scope: { ...scope, clusterName: "green" } };
  await expect(routes.apply(green, options)).rejects.toMatchObject({ code: "CLOUD_CONFLICT" });
  await routes.apply({ ...green, put: [], remove: [a] }, options);
  expect((await routes.list(scope, options)).map(({ owner }) => owner)).toContain("ours");
});

test("a second writer that was faster with the same content is success, with other content not", async () => {
  for (const [hop, expected] of [
    ["node-1", 1],
    ["node-2", 2],
  ] as const) {
    const { fake, routes } = inProcess();
    const racing = change(fake, { put: [[a, "node-1"]] });
    let raced = false;
    const matching = () => {
      if (!raced) {
        raced = true;
        const { request } = fake.log.calls.at(-1) as { readonly request: { readonly route: object } };
        fake.model.insertRoute({ ...request.route, nextHopInstance: fake.nodeRef(hop).id });
      }
      return false;
    };
    fake.faults.add({ action: "routes.insert", when: { matching }, effect: { kind: "delay", delayMs: 1 } });
    expect(await routes.apply(racing, options)).toEqual({ put: [a], removed: [] });
    expect(fake.log.counts()["routes.insert"]).toBe(expected);
    const [own] = (await routes.list(scope, options)).filter(({ owner }) => owner === "ours");
    expect(own?.nodeId).toBe(fake.nodeRef("node-1").id);
  }
});

test("somebody else's route for the range is neither touched nor joined", async () => {
  const { fake, routes } = inProcess();
  const nextHopInstance = fake.nodeRef("node-2").id;
  fake.model.insertRoute({ name: "by-hand", network: scope.networkId, destRange: a, nextHopInstance });
  const refused = routes.apply(change(fake, { put: [[a, "node-1"]] }), options);
  await expect(refused).rejects.toMatchObject({ code: "CLOUD_CONFLICT", value: "by-hand" });
  expect(await routes.apply(change(fake, { remove: [a] }), options)).toEqual({ put: [], removed: [a] });
  expect(fake.model.world.routes.has("by-hand")).toBe(true);
});

test("a route to an instance that is gone is a blackhole, and can be removed", async () => {
  const { fake, routes } = inProcess();
  await routes.apply(change(fake, { put: [[a, "node-1"]] }), options);
  fake.model.deleteInstance("node-1");
  const own = (await routes.list(scope, options)).filter(({ owner }) => owner === "ours");
  expect(own).toMatchObject([{ cidr: a, blackhole: true }]);
  expect((await routes.apply(change(fake, { remove: [a] }), options)).removed).toEqual([a]);
});

test("a network without room for another route is CLOUD_LIMIT, and what stands is told", async () => {
  const { fake, routes } = inProcess();
  const cidrs = ["1", "2", "3", "4", "5", "6"].map((n) => parseCidr(`10.64.${n}.0/24`));
  const put = cidrs.map((cidr): [Cidr, string] => [cidr, "node-1"]);
  const { put: standing } = await routes.apply(change(fake, { put }), options);
  expect(standing).toEqual(cidrs.slice(0, 5));
  const more = routes.apply(change(fake, { put: put.slice(5) }), options);
  await expect(more).rejects.toMatchObject({ code: "CLOUD_LIMIT" });
});

test.each([
  { effect: { kind: "fail", code: "QUOTA_EXCEEDED" }, code: "CLOUD_LIMIT" },
  { effect: { kind: "fail", code: "INTERNAL_ERROR" }, code: "CLOUD_OUTCOME_UNKNOWN" },
  { effect: { kind: "fail", code: "PERMISSIONS_ERROR" }, code: "CLOUD_PERMISSION" },
] as const)("an operation that ends with $effect.code is $code", async ({ effect, code }) => {
  const { fake, routes } = inProcess([{ action: "routes.insert#operation", when: { nth: 1 }, effect }]);
  const failed = routes.apply(change(fake, { put: [[a, "node-1"]] }), options);
  await expect(failed).rejects.toMatchObject({ code, details: expect.stringContaining(effect.code) });
});

test("a lost answer to an insert whose route stands is found out by the list", async () => {
  const { fake, routes } = inProcess([{ action: "routes.insert", when: { nth: 1 }, effect: { kind: "lose-answer" } }]);
  expect(await routes.apply(change(fake, { put: [[a, "node-1"]] }), options)).toEqual({ put: [a], removed: [] });
});

test("after a change, a list that fails leaves the outcome unknown", async () => {
  const { fake, routes } = inProcess([
    { action: "routes.list", when: { nth: 2 }, effect: { kind: "fail", code: "rateLimitExceeded" } },
  ]);
  const unknown = routes.apply(change(fake, { put: [[a, "node-1"]] }), options);
  await expect(unknown).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
});

test("preflight finds an instance that may not forward, and a network without room", async () => {
  const { fake, api, clock } = inProcess();
  const routes = createGceRoutes({ api, clock, staticRoutesPerNetwork: 1 });
  expect((await routes.preflight(fake.nodeRef("closed"), options)).map(({ id }) => id)).toEqual([
    "gce-cannot-ip-forward",
    "gce-route-quota",
  ]);
  expect(await createGceRoutes({ api, clock }).preflight(fake.nodeRef("node-1"), options)).toEqual([]);
});

test("two writers of the same fifty routes at the same time lose none, and nobody fails", async () => {
  const clock = new VirtualClock();
  const networks = [{ name: "main", staticRoutesPerNetwork: 100 }, { name: "other" }];
  const fake = new FakeGce({ scenario: { ...scenario, networks }, clock, operationMs: 500 });
  const routes = createGceRoutes({ api: fake.api(), clock });
  const cidrs = Array.from({ length: 50 }, (_, index) => parseCidr(`10.65.${index}.0/24`));
  const put = cidrs.map((cidr): [Cidr, string] => [cidr, "node-1"]);
  const writers = ["a", "b"].map((token) => routes.apply({ ...change(fake, { put }), token }, options));
  await clock.advance(60_000);
  expect(await Promise.all(writers)).toEqual([1, 2].map(() => ({ put: cidrs, removed: [] })));
  const own = (await routes.list(scope, options)).filter(({ owner }) => owner === "ours");
  expect(own).toHaveLength(50);
});
