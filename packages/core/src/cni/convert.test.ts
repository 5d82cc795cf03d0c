import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { fromVersion, toVersion } from "./convert.ts";
import type { CniInterface, CniIp, CniResult, CniRoute } from "./result.ts";
import { type CniVersion, supportedVersions } from "./versions.ts";

const full: CniResult = {
  interfaces: [
    { name: "veth1", mac: "02:00:00:00:00:01", mtu: 9001 },
    {
      name: "eth0",
      mac: "02:00:00:00:00:02",
      mtu: 9001,
      sandbox: "/run/netns/n1",
      pciID: "0000:00:01.0",
      socketPath: "/s",
    },
  ],
  ips: [
    { address: "10.0.0.5/32", gateway: "169.254.1.1", interface: 1 },
    { address: "10.0.0.6/32", interface: 1 },
    { address: "fd00::5/128", gateway: "fe80::1", interface: 1 },
  ],
  routes: [
    { dst: "169.254.1.1/32", scope: 253 },
    { dst: "0.0.0.0/0", gw: "169.254.1.1", mtu: 1500, advmss: 1460, priority: 5, table: 254 },
    { dst: "::/0", gw: "fe80::1" },
  ],
  dns: { nameservers: ["10.0.0.2"], search: ["svc.local"] },
};

const of03 = {
  interfaces: [
    { name: "veth1", mac: "02:00:00:00:00:01" },
    { name: "eth0", mac: "02:00:00:00:00:02", sandbox: "/run/netns/n1" },
  ],
  ips: [
    { version: "4", address: "10.0.0.5/32", gateway: "169.254.1.1", interface: 1 },
    { version: "4", address: "10.0.0.6/32", interface: 1 },
    { version: "6", address: "fd00::5/128", gateway: "fe80::1", interface: 1 },
  ],
  routes: full.routes,
  dns: full.dns,
};

const of01 = {
  ip4: {
    ip: "10.0.0.5/32",
    gateway: "169.254.1.1",
    routes: [{ dst: "169.254.1.1/32" }, { dst: "0.0.0.0/0", gw: "169.254.1.1" }],
  },
  ip6: { ip: "fd00::5/128", gateway: "fe80::1", routes: [{ dst: "::/0", gw: "fe80::1" }] },
  dns: full.dns,
};

test.each<[CniVersion, object]>([
  ["0.1.0", of01],
  ["0.2.0", of01],
  ["0.3.0", of03],
  ["0.3.1", of03],
  ["0.4.0", of03],
  ["1.0.0", full],
  ["1.1.0", full],
])("the result of version %s is as specified", (version, expected) => {
  expect(toVersion(full, version)).toEqual({ cniVersion: version, ...expected });
});

const onlyIpv4: CniResult = { ips: [{ address: "10.0.0.5/32" }], routes: [{ dst: "::/0", gw: "fe80::1" }] };

test.each<[CniVersion, object]>([
  // libcni prints an empty dns in 0.x and drops it in 1.x.
  ["0.1.0", { ip4: { ip: "10.0.0.5/32" }, dns: {} }],
  ["0.2.0", { ip4: { ip: "10.0.0.5/32" }, dns: {} }],
  ["0.3.1", { ips: [{ version: "4", address: "10.0.0.5/32" }], routes: [{ dst: "::/0", gw: "fe80::1" }], dns: {} }],
  ["1.1.0", onlyIpv4],
])("a route of a family without address is dropped in 0.1 and 0.2 only: %s", (version, expected) => {
  expect(toVersion(onlyIpv4, version)).toEqual({ cniVersion: version, ...expected });
});

test.each<[CniVersion, object]>([
  ["0.4.0", { routes: [], dns: {} }],
  ["1.0.0", {}],
  ["1.1.0", {}],
])("an empty result of version %s", (version, expected) => {
  const empty = { interfaces: [], ips: [], routes: [], dns: { nameservers: [] } };
  expect(toVersion(empty, version)).toEqual({ cniVersion: version, ...expected });
});

test.each<CniVersion>(["0.1.0", "0.2.0"])("a result without addresses cannot be said in %s", (version) => {
  const linksOnly = { interfaces: [{ name: "eth0" }], routes: [{ dst: "10.0.0.0/8" }] };
  expect(() => toVersion(linksOnly, version)).toThrow(
    expect.objectContaining({
      code: "INCOMPATIBLE_CNI_VERSION",
      message: `a result without addresses cannot be written in ${version}`,
    }),
  );
});

test("unknown keys of other plugins survive on the way there and back", () => {
  const vendorInterface: object = { name: "a", vendor: "x" };
  const foreign: CniResult = {
    ...full,
    ...{ "example.com/trace": { id: 7 }, interfaces: [vendorInterface as { name: string }] },
  };
  for (const version of supportedVersions.slice(2)) {
    const back = fromVersion(toVersion(foreign, version), version);
    expect(back).toMatchObject({ "example.com/trace": { id: 7 }, interfaces: [{ name: "a", vendor: "x" }] });
  }
  expect(toVersion(foreign, "0.2.0")).toHaveProperty(["example.com/trace"], { id: 7 });
});

describe("conversion there and back", () => {
  it.each(supportedVersions)("loses only the documented fields in %s", (version) => {
    fc.assert(
      fc.property(anyResult, (result) => {
        expect(fromVersion(toVersion(result, version), version)).toEqual(expectedLoss(result, version));
      }),
    );
  });

  it.each(supportedVersions)("loses nothing the second time in %s", (version) => {
    fc.assert(
      fc.property(anyResult, (result) => {
        const document = toVersion(result, version);
        expect(toVersion(fromVersion(document, version), version)).toEqual(document);
      }),
    );
  });
});

const octet = fc.nat(255);
const host4 = fc.tuple(octet, octet).map(([a, b]) => `10.0.${a}.${b}`);
const host6 = fc.nat(0xffff).map((group) => `fd00::${group.toString(16)}`);
const prefix = fc.oneof(
  host4.map((host) => `${host}/24`),
  host6.map((host) => `${host}/64`),
);
const link: fc.Arbitrary<CniInterface> = fc.record(
  {
    name: fc.string(),
    mac: fc.string(),
    mtu: fc.nat(),
    sandbox: fc.string(),
    socketPath: fc.string(),
    pciID: fc.string(),
  },
  { requiredKeys: ["name"] },
);
const ip: fc.Arbitrary<CniIp> = fc.record(
  { address: prefix, gateway: fc.oneof(host4, host6), interface: fc.nat(5) },
  { requiredKeys: ["address"] },
);
const route: fc.Arbitrary<CniRoute> = fc.record(
  { dst: prefix, gw: host4, mtu: fc.nat(), advmss: fc.nat(), priority: fc.nat(), table: fc.nat(), scope: octet },
  { requiredKeys: ["dst"] },
);
/** With at least one address, without lists that say nothing: what podwire makes. */
const anyResult: fc.Arbitrary<CniResult> = fc.record(
  {
    interfaces: fc.array(link, { minLength: 1, maxLength: 4 }),
    ips: fc.array(ip, { minLength: 1, maxLength: 5 }),
    routes: fc.array(route, { minLength: 1, maxLength: 5 }),
    dns: fc.record({ nameservers: fc.array(host4, { minLength: 1 }) }),
  },
  { requiredKeys: ["ips"] },
);

/** The documented losses, written down without looking at how they come about. */
function expectedLoss(result: CniResult, version: CniVersion): CniResult {
  if (version.startsWith("1.")) return result;
  if (version.startsWith("0.3") || version.startsWith("0.4")) {
    const interfaces = result.interfaces?.map(({ mtu, socketPath, pciID, ...kept }) => kept);
    return { ...result, ...(interfaces === undefined ? {} : { interfaces }) };
  }
  return lossOf01(result);
}

function lossOf01({ ips = [], routes = [], dns }: CniResult): CniResult {
  const keptIps: CniIp[] = [];
  const keptRoutes: CniRoute[] = [];
  for (const isFamily of [isIpv4, isIpv6]) {
    const first = ips.find(({ address }) => isFamily(address));
    if (first === undefined) continue;
    const { interface: _, ...kept } = first;
    keptIps.push(kept);
    for (const { dst, gw } of routes) if (isFamily(dst)) keptRoutes.push(gw === undefined ? { dst } : { dst, gw });
  }
  return { ips: keptIps, ...(keptRoutes.length > 0 ? { routes: keptRoutes } : {}), ...(dns ? { dns } : {}) };
}

function isIpv4(text: string): boolean {
  return text.startsWith("10.");
}

function isIpv6(text: string): boolean {
  return text.startsWith("fd00:");
}
