import { describe, expect, test } from "vitest";
import { ComputeModel } from "./model.ts";
import { refusalOf, refusals } from "./refusals.ts";
import type { ComputeCommand } from "./requests.ts";

const place = { project: "p1", zone: "europe-west1-b" };
const nic = { ...place, instance: "node-1", networkInterface: "nic0" };
const route = {
  name: "r-1",
  network: "projects/p1/global/networks/main",
  destRange: "10.64.1.0/24",
  nextHopInstance: "projects/p1/zones/europe-west1-b/instances/node-1",
};

function createModel(): ComputeModel {
  return new ComputeModel({
    networks: [{ name: "main", staticRoutesPerNetwork: 1 }],
    subnetworks: [
      {
        name: "nodes",
        network: "main",
        region: "europe-west1",
        ipCidrRange: "10.0.0.0/24",
        secondaryIpRanges: [{ rangeName: "pods", ipCidrRange: "10.4.0.0/24" }],
      },
    ],
    instances: [{ name: "node-1", zone: "europe-west1-b", networkInterfaces: [{ subnetwork: "nodes" }] }],
    routes: [{ name: "taken", network: "main", destRange: "0.0.0.0/0", nextHopGateway: "global/gateways/x" }],
  });
}

const model = createModel();
const fingerprint = model.instance("node-1").networkInterfaces[0]?.fingerprint;
const aliases = (ranges: readonly string[], name = "pods") =>
  ranges.map((ipCidrRange) => ({ ipCidrRange, subnetworkRangeName: name }));

const rows: readonly (readonly [string, ComputeCommand["action"], object])[] = [
  ["404 notFound", "instances.get", { ...place, instance: "node-2" }],
  ["404 notFound", "instances.get", { ...place, project: "p2", instance: "node-1" }],
  ["404 notFound", "instances.updateNetworkInterface", { ...nic, zone: "us-east1-b", fingerprint }],
  ["400 invalid", "instances.updateNetworkInterface", { ...nic, networkInterface: "nic7", fingerprint }],
  ["400 invalid", "instances.updateNetworkInterface", nic],
  ["412 conditionNotMet", "instances.updateNetworkInterface", { ...nic, fingerprint: "stale=" }],
  ["400 invalid", "instances.updateNetworkInterface", { ...nic, fingerprint, aliasIpRanges: aliases(["/33"]) }],
  ["400 invalid", "instances.updateNetworkInterface", { ...nic, fingerprint, aliasIpRanges: aliases(["/28"], "x") }],
  [
    "400 limitExceeded",
    "instances.updateNetworkInterface",
    { ...nic, fingerprint, aliasIpRanges: aliases(Array.from({ length: 151 }, () => "/32")) },
  ],
  ["404 notFound", "subnetworks.get", { project: "p1", region: "us-east1", subnetwork: "nodes" }],
  ["404 notFound", "networks.get", { project: "p1", network: "x" }],
  ["404 notFound", "routes.list", { project: "p2" }],
  ["400 invalid", "routes.list", { project: "p1", filter: "(name like x)" }],
  ["404 notFound", "routes.insert", { project: "p2", route }],
  ["400 invalid", "routes.insert", { project: "p1", route: { ...route, name: "Upper" } }],
  ["400 invalid", "routes.insert", { project: "p1", route: { ...route, nextHopInstance: undefined } }],
  ["409 alreadyExists", "routes.insert", { project: "p1", route: { ...route, name: "taken" } }],
  ["404 notFound", "routes.insert", { project: "p1", route: { ...route, network: "global/networks/x" } }],
  ["404 notFound", "routes.insert", { project: "p1", route: { ...route, nextHopInstance: "zones/z/instances/x" } }],
  ["400 invalid", "routes.insert", { project: "p1", route: { ...route, destRange: "10.4.0.0/28" } }],
  ["403 quotaExceeded", "routes.insert", { project: "p1", route }],
  ["404 notFound", "routes.delete", { project: "p1", route: "gone" }],
  ["404 notFound", "zoneOperations.wait", { ...place, operation: "operation-0" }],
  ["404 notFound", "globalOperations.wait", { project: "p1", operation: "operation-0" }],
];

describe("what Compute Engine refuses, the fake refuses", () => {
  test.each(rows)("%s: %s %j", (expected, action, request) => {
    const refusal = refusalOf(action, model.world, request as never);
    expect(`${refusal?.httpStatus} ${refusal?.reason}`).toBe(expected);
    expect(refusal?.message).not.toBe("");
  });

  test("every row is there for a reason that can be looked up, and is met above", () => {
    const all = Object.entries(refusals).flatMap(([action, own]) => own.map((row) => ({ action, ...row })));
    const met = all.filter(({ action, refuses }) =>
      rows.some(([, of, request]) => of === action && refuses(model.world, request as never) !== undefined),
    );
    expect(met.length).toBe(all.length);
    for (const { source, condition } of all) expect([source, condition]).not.toContain("");
  });
});

describe("operations", () => {
  const update = { action: "instances.updateNetworkInterface", request: { ...nic, fingerprint } } as const;

  test("the same request id is the same operation", () => {
    const own = createModel();
    const { fingerprint: now } = own.instance("node-1").networkInterfaces[0] ?? {};
    const request = { ...nic, fingerprint: now, requestId: "id-1", aliasIpRanges: aliases(["/28"]) };
    const first = own.submit({ ...update, request });
    own.complete("name" in first ? first.name : "");
    const again = own.submit({ ...update, request });
    expect(again).toMatchObject({ name: "name" in first ? first.name : "", done: true });
    expect(own.instance("node-1").networkInterfaces[0]?.aliasIpRanges).toHaveLength(1);
  });

  test("what is absent stays, and each change makes a new fingerprint", () => {
    const own = createModel();
    own.setAliasRanges("node-1", "nic0", aliases(["10.4.0.16/28"]));
    const [before] = own.instance("node-1").networkInterfaces;
    own.setAliasRanges("node-1", "nic0", undefined);
    expect(own.instance("node-1").networkInterfaces[0]).toEqual(before);
    own.setAliasRanges("node-1", "nic0", []);
    expect(own.instance("node-1").networkInterfaces[0]).toMatchObject({ aliasIpRanges: [] });
    expect(own.instance("node-1").networkInterfaces[0]?.fingerprint).not.toBe(before?.fingerprint);
  });

  test("a list is replaced whole or not at all", () => {
    const own = createModel();
    own.setAliasRanges("node-1", "nic0", aliases(["10.4.0.16/28"]));
    for (const wrong of [
      ["10.4.0.32/28", "10.4.0.40/32"],
      ["/28", "/24"],
    ]) {
      expect(() => own.setAliasRanges("node-1", "nic0", aliases(wrong))).toThrow();
    }
    expect(own.instance("node-1").networkInterfaces[0]?.aliasIpRanges).toEqual(aliases(["10.4.0.16/28"]));
    own.setAliasRanges("node-1", "nic0", aliases(["10.4.0.32/28", "10.4.0.16/32"]));
  });

  test("who listens is told of what changed, and of nothing that failed", () => {
    const own = createModel();
    const seen: number[] = [];
    const end = own.subscribe(({ instances }) => {
      seen.push(instances.get("node-1")?.networkInterfaces[0]?.aliasIpRanges.length ?? -1);
    });
    own.setAliasRanges("node-1", "nic0", aliases(["/28", "/32"]));
    expect(() => own.setAliasRanges("node-1", "nic0", aliases(["/24", "/24"]))).toThrow();
    own.deleteInstance("node-1");
    end();
    own.deleteRoute("taken");
    expect(seen).toEqual([2, -1]);
  });
});
