import { describe, expect, it, test } from "vitest";
import { encodeUtf8 } from "../runtime/utf8.ts";
import { parseNetworkConfig, readNetworkName } from "./network-config.ts";

const minimal = { cniVersion: "1.1.0", name: "pods", type: "podwire" };

test("a minimal configuration is read", () => {
  expect(parse(minimal)).toEqual({ cniVersion: "1.1.0", name: "pods", validAttachments: undefined });
});

test.each([
  ["capabilities, as podman passes them on", { capabilities: { ips: true } }],
  ["args of other programs", { args: { "example.com": { ips: [1] }, cni: { labels: [{ key: "a", value: "b" }] } } }],
  ["args that are no object", { args: 5 }],
  ["unknown keys", { bridge: "cni0", mtu: 9001, "cni.dev/attachments": 5 }],
  ["an empty ipam", { ipam: {} }],
  ["nulls", { ipam: null, runtimeConfig: null, args: null, dns: null, prevResult: null, type: null }],
  ["capabilities that ask for nothing", { runtimeConfig: { portMappings: [], ips: null, mac: "", bandwidth: {} } }],
  ["aliases as a list", { runtimeConfig: { aliases: ["web"] } }],
  ["aliases as podman's map", { runtimeConfig: { aliases: { pods: ["web"] } } }],
  ["a cgroup", { runtimeConfig: { cgroupPath: "/kubepods/x" } }],
  ["annotations", { runtimeConfig: { "io.kubernetes.cri.pod-annotations": { a: "b" } } }],
  ["dns that says nothing", { dns: {}, runtimeConfig: { dns: { servers: [], searches: [], options: null } } }],
])("%s change nothing", (_, more) => {
  expect(parse({ ...minimal, ...more })).toEqual(parse(minimal));
});

describe("a request for what podwire does not do", () => {
  it.each([
    ["runtimeConfig.ips", ["10.0.0.5/24"], { runtimeConfig: { ips: ["10.0.0.5/24"] } }],
    ["runtimeConfig.mac", "02:00:00:00:00:01", { runtimeConfig: { mac: "02:00:00:00:00:01" } }],
    ["runtimeConfig.portMappings", [{ hostPort: 80 }], { runtimeConfig: { portMappings: [{ hostPort: 80 }] } }],
    ["runtimeConfig.bandwidth", { ingressRate: 1 }, { runtimeConfig: { bandwidth: { ingressRate: 1 } } }],
    ["runtimeConfig.ipRanges", [[{}]], { runtimeConfig: { ipRanges: [[{}]] } }],
    ["runtimeConfig.infinibandGUID", "x", { runtimeConfig: { infinibandGUID: "x" } }],
    ["runtimeConfig.deviceID", "0000:00:01.0", { runtimeConfig: { deviceID: "0000:00:01.0" } }],
    ["runtimeConfig.of-tomorrow", 1, { runtimeConfig: { "of-tomorrow": 1 } }],
    ["args.cni.ips", ["10.0.0.5"], { args: { cni: { ips: ["10.0.0.5"] } } }],
    ["args.cni.mac", "02:00:00:00:00:01", { args: { cni: { mac: "02:00:00:00:00:01" } } }],
    ["ipam", { type: "host-local" }, { ipam: { type: "host-local" } }],
  ])("%s is refused with key and value", (field, value, more) => {
    const message = `field ${field} with value ${JSON.stringify(value)} is not supported`;
    const expected = expect.objectContaining({ code: "UNSUPPORTED_FIELD", cniCode: 2, field, message });
    for (const verb of ["ADD", "CHECK", "STATUS"] as const) {
      expect(() => parse({ ...minimal, prevResult: {}, ...more }, verb)).toThrow(expected);
    }
  });

  it("does not stop GC", () => {
    expect(parse({ ...minimal, ipam: { type: "x" } }, "GC")).toMatchObject({ name: "pods" });
  });
});

test.each([
  ["no name", { name: undefined }, "name is missing from the network configuration"],
  ["an empty name", { name: "" }, "name is missing from the network configuration"],
  ["a name that is a number", { name: 5 }, "name 5 is not a network name"],
  ["a name with a slash", { name: "a/b" }, 'name "a/b" is not a network name'],
  ["a name that leads upwards", { name: "../../etc" }, 'name "../../etc" is not a network name'],
  ["a name that begins with a symbol", { name: "-a" }, 'name "-a" is not a network name'],
  ["a type that is no text", { type: 5 }, "type 5: expected string, received number"],
  ["a type with a slash", { type: "../sh" }, 'type "../sh": expected a name without a slash'],
  ["dns of the wrong type", { dns: 5 }, "dns 5: expected object, received number"],
  [
    "name servers of the wrong type",
    { dns: { nameservers: "x" } },
    'dns.nameservers "x": expected array, received string',
  ],
  ["a runtimeConfig that is no object", { runtimeConfig: [] }, "runtimeConfig []: expected an object"],
  ["args.cni that is no object", { args: { cni: 5 } }, "args.cni 5: expected an object"],
  [
    "runtime name servers of the wrong type",
    { runtimeConfig: { dns: { servers: [5] } } },
    "runtimeConfig.dns.servers[0] 5: expected string, received number",
  ],
])("%s is refused by field and value", (_, change, message) => {
  expect(() => parse({ ...minimal, ...change })).toThrow(
    expect.objectContaining({ code: "INVALID_NETWORK_CONFIG", cniCode: 7, message }),
  );
});

test("the version is judged before everything else in the object", () => {
  expect(() => parse({ cniVersion: "9.0.0", name: 5 })).toThrow(expect.objectContaining({ cniCode: 1 }));
  expect(() => parse({ cniVersion: 9, name: 5 })).toThrow(expect.objectContaining({ cniCode: 6 }));
});

describe("dns", () => {
  const dns = { nameservers: ["10.0.0.2"], domain: "a", search: ["b"], options: ["c"] };

  it("of the configuration is taken", () => {
    expect(parse({ ...minimal, dns })).toMatchObject({ dns });
  });

  it("of the runtime goes before, field by field", () => {
    const runtimeConfig = { dns: { servers: ["10.0.0.3"], searches: ["d"] } };
    expect(parse({ ...minimal, dns, runtimeConfig }).dns).toEqual({ ...dns, nameservers: ["10.0.0.3"], search: ["d"] });
    expect(parse({ ...minimal, runtimeConfig }).dns).toEqual({ nameservers: ["10.0.0.3"], search: ["d"] });
  });
});

describe("prevResult", () => {
  const prevResult = { cniVersion: "0.4.0", ips: [{ version: "4", address: "10.0.0.7/24" }] };

  it("is read in the configuration's version", () => {
    for (const verb of ["ADD", "CHECK"] as const) {
      expect(parse({ ...minimal, cniVersion: "0.4.0", prevResult }, verb).prevResult).toEqual({
        ips: [{ address: "10.0.0.7/24" }],
      });
    }
  });

  it("that is malformed is refused", () => {
    expect(() => parse({ ...minimal, prevResult: 5 })).toThrow(expect.objectContaining({ code: "DECODING_FAILURE" }));
  });

  it("is nothing to GC and STATUS", () => {
    for (const verb of ["GC", "STATUS"] as const) {
      expect(parse({ ...minimal, prevResult: 5 }, verb)).not.toHaveProperty("prevResult");
    }
  });
});

describe("the list of valid attachments", () => {
  const list = [{ containerID: "c1", ifname: "eth0" }];
  const read = [{ containerId: "c1", ifName: "eth0" }];

  it.each([
    ["under its key", { "cni.dev/valid-attachments": list }, read],
    ["under the legacy key", { "cni.dev/attachments": list }, read],
    ["under both keys: the first", { "cni.dev/attachments": [], "cni.dev/valid-attachments": list }, read],
    ["that is empty", { "cni.dev/valid-attachments": [] }, []],
    ["that is absent", {}, undefined],
    ["that is null", { "cni.dev/valid-attachments": null }, undefined],
  ])("%s is read as what it is", (_, more, expected) => {
    expect(parse({ ...minimal, ...more }, "GC").validAttachments).toEqual(expected);
  });

  it.each([
    ["cni.dev/valid-attachments", {}, '["cni.dev/valid-attachments"] {}: expected array, received object'],
    ["cni.dev/valid-attachments", [{ containerID: "c1" }], '["cni.dev/valid-attachments"][0].ifname is missing'],
    ["cni.dev/attachments", [{ ifname: "eth0" }], '["cni.dev/attachments"][0].containerID is missing'],
    ["cni.dev/attachments", ["c1"], '["cni.dev/attachments"][0] "c1": expected object'],
  ])("in %s that is malformed (%j) is refused, so that nothing is collected by mistake", (key, value, message) => {
    expect(() => parse({ ...minimal, [key]: value }, "GC")).toThrow(
      expect.objectContaining({ code: "INVALID_NETWORK_CONFIG", message: expect.stringContaining(message) }),
    );
  });
});

test.each([
  ['{"name":"pods"}', "pods"],
  ['{"cniVersion":"99.0.0","name":"pods","ipam":5,"prevResult":5}', "pods"],
  ['{"name":"../x"}', undefined],
  ["{}", undefined],
  ['{"name":"pods"', undefined],
  ["", undefined],
])("out of %j DEL reads the name %j", (text, name) => {
  expect(readNetworkName(encodeUtf8(text))).toBe(name);
});

function parse(document: object, verb: "ADD" | "CHECK" | "GC" | "STATUS" = "ADD") {
  return parseNetworkConfig(encodeUtf8(JSON.stringify(document)), verb);
}
