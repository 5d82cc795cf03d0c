import { describe, expect, it, test } from "vitest";
import { appendResult, parsePrevResult } from "./prev-result.ts";
import type { CniResult } from "./result.ts";
import type { CniVersion } from "./versions.ts";

const ip4 = { ip: "10.0.0.7/24", gateway: "10.0.0.1", routes: [{ dst: "0.0.0.0/0", gw: "10.0.0.1" }] };
const ip6 = { ip: "fd00::7/64", routes: [{ dst: "::/0" }] };

describe("a prevResult", () => {
  it.each<[CniVersion, object, CniResult]>([
    [
      "0.2.0",
      { cniVersion: "0.2.0", ip4, ip6, dns: {} },
      {
        ips: [{ address: "10.0.0.7/24", gateway: "10.0.0.1" }, { address: "fd00::7/64" }],
        routes: [{ dst: "0.0.0.0/0", gw: "10.0.0.1" }, { dst: "::/0" }],
      },
    ],
    [
      "0.4.0",
      {
        cniVersion: "0.4.0",
        interfaces: [{ name: "eth0" }],
        ips: [{ version: "4", interface: 0, address: "10.0.0.7/24" }],
        dns: {},
      },
      { interfaces: [{ name: "eth0" }], ips: [{ interface: 0, address: "10.0.0.7/24" }] },
    ],
    [
      "1.0.0",
      { cniVersion: "1.0.0", interfaces: [{ name: "eth0", mtu: 1500 }], dns: { domain: "x" } },
      { interfaces: [{ name: "eth0", mtu: 1500 }], dns: { domain: "x" } },
    ],
    ["1.1.0", { cniVersion: "1.1.0" }, {}],
    ["1.1.0", { ips: [] }, {}],
    ["1.1.0", { cniVersion: "1.1.0", ips: null, interfaces: null, routes: null, dns: null }, {}],
    ["1.1.0", { ips: [{ address: "10.0.0.7/24", gateway: "" }] }, { ips: [{ address: "10.0.0.7/24", gateway: "" }] }],
    ["0.1.0", { ip4: null, ip6: { ip: "fd00::7/64", routes: null } }, { ips: [{ address: "fd00::7/64" }] }],
  ])("of version %s is read: %j", (version, value, result) => {
    expect(parsePrevResult(value, version)).toEqual(result);
  });

  it("keeps the unknown fields of other plugins, even those that mean something to JavaScript", () => {
    const text = '{"cniVersion":"1.1.0","x":{"y":1},"__proto__":{"z":2},"ips":[{"address":"10.0.0.7/24","w":3}]}';
    const kept = JSON.stringify(parsePrevResult(JSON.parse(text), "1.1.0"));
    expect(kept).toBe('{"ips":[{"address":"10.0.0.7/24","w":3}],"x":{"y":1},"__proto__":{"z":2}}');
  });

  it.each<[CniVersion, unknown, string]>([
    ["1.1.0", 5, "prevResult 5: expected object, received number"],
    ["1.1.0", [], "prevResult []: expected object, received array"],
    ["1.1.0", { cniVersion: "1.0.0" }, 'prevResult.cniVersion "1.0.0" differs from cniVersion "1.1.0"'],
    ["1.1.0", { cniVersion: 7 }, 'prevResult.cniVersion 7 differs from cniVersion "1.1.0"'],
    ["0.2.0", { cniVersion: "0.1.0", ip4 }, 'prevResult.cniVersion "0.1.0" differs from cniVersion "0.2.0"'],
    ["1.1.0", { ips: {} }, "prevResult.ips {}: expected array, received object"],
    ["1.1.0", { ips: [{}] }, "prevResult.ips[0].address is missing: expected string, received undefined"],
    [
      "1.1.0",
      { ips: [{ address: "10.0.0.7" }] },
      'prevResult.ips[0].address "10.0.0.7": expected an IP address with its prefix length',
    ],
    [
      "1.1.0",
      { ips: [{ address: "10.0.0.7/33" }] },
      'prevResult.ips[0].address "10.0.0.7/33": expected an IP address with its prefix length',
    ],
    [
      "1.1.0",
      { ips: [{ address: "10.0.0.7/24/8" }] },
      'prevResult.ips[0].address "10.0.0.7/24/8": expected an IP address with its prefix length',
    ],
    [
      "1.1.0",
      { ips: [{ address: "10.0.0.7/24", gateway: "x" }] },
      'prevResult.ips[0].gateway "x": expected an IP address',
    ],
    [
      "1.1.0",
      { ips: [{ address: "10.0.0.7/24", interface: "0" }] },
      'prevResult.ips[0].interface "0": expected number, received string',
    ],
    [
      "1.1.0",
      { interfaces: [{ mac: "x" }] },
      "prevResult.interfaces[0].name is missing: expected string, received undefined",
    ],
    [
      "1.1.0",
      { routes: [{ dst: "default" }] },
      'prevResult.routes[0].dst "default": expected an IP address with its prefix length',
    ],
    ["1.1.0", { dns: { search: "x" } }, 'prevResult.dns.search "x": expected array, received string'],
    ["0.4.0", { ips: [{ address: "10.0.0.7/24" }] }, 'prevResult.ips[0].version is missing: expected one of "4"|"6"'],
    ["0.2.0", { ip4: { ip: "x" } }, 'prevResult.ip4.ip "x": expected an IP address with its prefix length'],
  ])("of version %s is refused: %j", (version, value, message) => {
    expect(() => parsePrevResult(value, version)).toThrow(
      expect.objectContaining({ code: "DECODING_FAILURE", cniCode: 6, message }),
    );
  });
});

describe("our result behind a prevResult", () => {
  const ours: CniResult = {
    interfaces: [{ name: "veth1" }, { name: "eth0", sandbox: "/n" }],
    ips: [{ address: "10.0.0.5/32", interface: 1 }, { address: "fd00::5/128" }],
    routes: [{ dst: "0.0.0.0/0" }],
  };

  it("stands alone where there is no chain", () => {
    expect(appendResult(undefined, ours)).toBe(ours);
  });

  it("keeps everything of it, and still points at its own interfaces", () => {
    const prevResult = {
      interfaces: [{ name: "a" }, { name: "b" }, { name: "c" }],
      ips: [{ address: "10.9.9.9/24", interface: 2 }],
      routes: [{ dst: "10.9.0.0/16" }],
      dns: { domain: "x" },
      "example.com/trace": 7,
    };
    const result = appendResult(prevResult, ours);
    expect(result).toEqual({
      interfaces: [{ name: "a" }, { name: "b" }, { name: "c" }, { name: "veth1" }, { name: "eth0", sandbox: "/n" }],
      ips: [
        { address: "10.9.9.9/24", interface: 2 },
        { address: "10.0.0.5/32", interface: 4 },
        { address: "fd00::5/128" },
      ],
      routes: [{ dst: "10.9.0.0/16" }, { dst: "0.0.0.0/0" }],
      dns: { domain: "x" },
      "example.com/trace": 7,
    });
    expect(result.interfaces?.[result.ips?.[1]?.interface ?? -1]).toEqual({ name: "eth0", sandbox: "/n" });
  });

  it("replaces the dns fields that the configuration sets, and only those", () => {
    const dns = { nameservers: ["10.0.0.2"] };
    const result = appendResult({ dns: { nameservers: ["1.1.1.1"], domain: "x" } }, { ...ours, dns });
    expect(result.dns).toEqual({ nameservers: ["10.0.0.2"], domain: "x" });
  });
});

test("an empty prevResult adds nothing", () => {
  expect(appendResult({}, { ips: [{ address: "10.0.0.5/32", interface: 0 }] })).toEqual({
    interfaces: [],
    ips: [{ address: "10.0.0.5/32", interface: 0 }],
    routes: [],
  });
});
