import { isPodwireError, parseAddress, parseCidr, parseMac } from "@podwire/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createNetns, deleteNetns } from "../namespace/named-netns.ts";
import { openNetns } from "../namespace/netns.ts";
import { replaceAddr } from "./addr.ts";
import { createBridge, createVeth, deleteLink, deleteLinkGroup, setLink } from "./link.ts";
import { replaceNeigh } from "./neigh.ts";
import { type Netlink, openNetlink } from "./netlink.ts";
import { deleteRoute, type Route, replaceRoute } from "./route.ts";
import { addRule, deleteRule, type Rule } from "./rule.ts";

const hostPath = "/run/netns/netlink-host";
const podPath = "/run/netns/netlink-pod";
const table = 7700;
const protocol = 112;

let host: Netlink;

beforeEach(() => {
  createNetns(hostPath);
  createNetns(podPath);
  host = openNetlink({ netnsPath: hostPath });
});

afterEach(() => {
  host.close();
  deleteNetns(podPath);
  deleteNetns(hostPath);
});

async function pair(): Promise<number> {
  await host.apply([createVeth({ name: "va", mtuBytes: 1400, peer: { name: "vb" } }), setLink("va", { up: true })]);
  const ifIndex = (await host.link("va"))?.index ?? 0;
  // Without any address there is no local table, and without that table no gateway is valid.
  await host.apply([
    setLink("vb", { up: true }),
    replaceAddr({ ifIndex, address: parseAddress("192.0.2.1"), prefixLength: 32, protocol: 0 }),
  ]);
  return ifIndex;
}

describe("links", () => {
  test("a veth's other end is created in another namespace under its final name and MAC", async () => {
    const pod = openNetns(podPath);
    const mac = parseMac("02:00:00:00:00:07");
    const peer = { name: "eth0", mac, netnsFd: pod.fd };
    await host.apply([createVeth({ name: "va", mac: parseMac("02:00:00:00:00:08"), mtuBytes: 9001, peer })]);
    pod.close();
    const inPod = openNetlink({ netnsPath: podPath });
    const eth0 = await inPod.link("eth0");
    inPod.close();
    expect(eth0).toMatchObject({ mac, mtuBytes: 9001, kind: "veth", up: false });
    expect(await host.link("va")).toMatchObject({ mac: "02:00:00:00:00:08", peerIndex: eth0?.index, kind: "veth" });
  });

  test("name, alias, group, MTU, rp_filter and state can be set and are read back", async () => {
    const index = await pair();
    await host.apply([setLink(index, { up: false }), setLink(index, { name: "vc", noLinkLocal: true })]);
    await host.apply([setLink(index, { alias: "a/b", group: 9, mtuBytes: 1300, rpFilter: 2, up: true })]);
    expect(await host.link("vc")).toMatchObject({
      index,
      alias: "a/b",
      group: 9,
      mtuBytes: 1300,
      rpFilter: 2,
      up: true,
    });
    expect(await host.link("va")).toBeUndefined();
    expect((await host.addrs(6)).filter((addr) => addr.ifIndex === index)).toEqual([]);
  });

  test("deleting what is absent succeeds, by name, index and group", async () => {
    await host.apply([deleteLink("nothing"), deleteLink(4711), deleteLinkGroup(4711)]);
  });

  test("a taken name is refused with operation, errno and the requests after it are carried out", async () => {
    await host.apply([createBridge("br0")]);
    const refused = host.apply([createBridge("br0"), createBridge("br1")]);
    await expect(refused).rejects.toSatisfy((error) => isPodwireError(error, "KERNEL_REFUSED"));
    await expect(refused).rejects.toMatchObject({ op: "ip link add br0 type bridge", details: "EEXIST" });
    expect(await host.link("br1")).toMatchObject({ kind: "bridge" });
  });
});

describe("addresses, routes, rules and neighbours", () => {
  test("an address is added once, with its protocol", async () => {
    const ifIndex = await pair();
    const addr = { ifIndex, address: parseAddress("10.1.0.1"), prefixLength: 24, protocol };
    const addr6 = { ifIndex, address: parseAddress("fd00::1"), prefixLength: 128, protocol };
    const requests = [replaceAddr(addr), replaceAddr(addr6, { noDad: true, noPrefixRoute: true })];
    await host.apply(requests);
    await host.apply(requests);
    const found = (await host.addrs()).filter((one) => one.ifIndex === ifIndex && one.protocol === protocol);
    expect(found).toEqual([addr, addr6]);
  });

  test.each<[string, (ifIndex: number) => Route]>([
    ["a host route", (ifIndex) => ({ ...base("10.0.0.9/32"), ifIndex })],
    [
      "a default route",
      (ifIndex) => ({ ...base("0.0.0.0/0"), ifIndex, gateway: parseAddress("10.0.0.1"), onlink: true }),
    ],
    ["an unreachable block", () => ({ ...base("10.0.1.0/28"), type: "unreachable" as const })],
    ["a route with a metric", (ifIndex) => ({ ...base("10.0.2.0/24"), ifIndex, metric: 50 })],
    ["an IPv6 host route", (ifIndex) => ({ ...base("2001:db8::9/128"), ifIndex })],
    [
      "an IPv6 default route",
      (ifIndex) => ({ ...base("::/0"), ifIndex, gateway: parseAddress("fe80::1"), onlink: true }),
    ],
    ["an IPv6 unreachable block", () => ({ ...base("2001:db8:1::/80"), type: "unreachable" as const })],
  ])("%s is read back as it was written, and deleted", async (_, make) => {
    const route = make(await pair());
    const family = route.destination.includes(":") ? 6 : 4;
    await host.apply([replaceRoute(route), replaceRoute(route)]);
    expect(await host.routes({ family, table })).toEqual([route]);
    expect(await host.routes({ family, protocol })).toEqual([route]);
    expect(await host.routes({ family, table: 7777 })).toEqual([]);
    await host.apply([deleteRoute(route), deleteRoute(route)]);
    expect(await host.routes({ family, table })).toEqual([]);
  });

  test.each<[string, Rule]>([
    ["a table", { family: 4, priority: 600, table, protocol }],
    ["a mark", { family: 4, priority: 700, table, protocol, mark: { value: 0x11, mask: 0x7f } }],
    ["a source", { family: 4, priority: 800, table: 101, protocol, source: parseCidr("10.0.0.11/32") }],
    [
      "a destination and an interface",
      { family: 4, priority: 5, table, protocol, destination: parseCidr("10.0.0.0/8"), inInterface: "va" },
    ],
    ["an IPv6 mark", { family: 6, priority: 700, table, protocol, mark: { value: 1, mask: 0x7f } }],
    ["an IPv6 source", { family: 6, priority: 800, table, protocol, source: parseCidr("2001:db8::1/128") }],
  ])("a rule by %s is read back as it was written, once, and deleted", async (_, rule) => {
    const before = await host.rules(rule.family);
    await host.apply([addRule(rule), addRule(rule)]);
    expect((await host.rules(rule.family)).filter((one) => one.protocol === protocol)).toEqual([rule]);
    await host.apply([deleteRule(rule), deleteRule(rule)]);
    expect(await host.rules(rule.family)).toEqual(before);
  });

  test.each(["169.254.1.1", "fe80::1"])("the neighbour %s is permanent with the MAC given last", async (text) => {
    const ifIndex = await pair();
    const address = parseAddress(text);
    const mac = parseMac("02:00:00:00:00:01");
    await host.apply([
      replaceNeigh({ ifIndex, address, mac: parseMac("02:00:00:00:00:09") }),
      replaceNeigh({ ifIndex, address, mac }),
    ]);
    expect(await host.neighs(text.includes(":") ? 6 : 4)).toContainEqual({ ifIndex, address, mac, permanent: true });
  });
});

describe("conversations", () => {
  test("a batch longer than the kernel's buffers arrives whole", async () => {
    const ifIndex = await pair();
    const routes = Array.from({ length: 700 }, (_, i) => ({ ...base(`10.9.${i >> 8}.${i & 255}/32`), ifIndex }));
    await host.apply(routes.map(replaceRoute));
    expect(await host.routes({ family: 4, table })).toHaveLength(700);
  });

  test("many callers at once each get their own answer", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `br${i}`);
    await Promise.all(names.map((name) => host.apply([createBridge(name)])));
    const found = await Promise.all(names.map((name) => host.link(name)));
    expect(found.map((link) => link?.name)).toEqual(names);
  });

  test("the namespace lives as long as the connection, and the connection outlives its path", async () => {
    const own = openNetlink({ netnsPath: podPath });
    deleteNetns(podPath);
    expect((await own.links()).map((link) => link.name)).toEqual(["lo"]);
    own.close();
    await expect(own.links()).rejects.toThrow("the netlink connection is closed");
  });
});

function base(destination: string): Route {
  return { table, type: "unicast", destination: parseCidr(destination), protocol };
}
