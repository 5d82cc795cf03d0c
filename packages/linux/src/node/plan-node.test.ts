import { type NodeInterface, type NodeNetwork, parseAddress, parseCidr, parseMac } from "@podwire/core";
import { describe, expect, test } from "vitest";
import { defaultKernelNumbers } from "../kernel-numbers.ts";
import type { Addr } from "../netlink/addr.ts";
import { decodeAddr } from "../netlink/addr.ts";
import { messageType } from "../netlink/constants.ts";
import type { Link } from "../netlink/link.ts";
import { decodeNeigh } from "../netlink/neigh.ts";
import { decodeRoute } from "../netlink/route.ts";
import { decodeRule } from "../netlink/rule.ts";
import { attachmentAlias, linkIdentity } from "../veth/attachment-link.ts";
import { vethFacts } from "../veth/veth-plan.ts";
import type { NodeChange } from "./node-change.ts";
import { desireFor } from "./node-desire.ts";
import type { NodeView } from "./node-view.ts";
import { planNode } from "./plan-node.ts";

const numbers = defaultKernelNumbers;
const [mac0, mac1] = [parseMac("02:00:00:00:0a:00"), parseMac("02:00:00:00:0a:01")];
const key = { network: "pods", containerId: "c1", ifName: "eth0" };
const { hostIfName, hostMac, podMac } = linkIdentity(key);

const eth0: NodeInterface = {
  mac: mac0,
  role: "primary",
  ordinal: 1,
  primaryAddresses: [parseAddress("10.0.0.10")],
  gateways: { 4: parseAddress("10.0.0.1") },
  mtuBytes: 9001,
  blocks: [parseCidr("10.0.1.0/28")],
};
const eth1: NodeInterface = {
  mac: mac1,
  role: "secondary",
  ordinal: 2,
  primaryAddresses: [parseAddress("10.0.0.11"), parseAddress("2001:db8::11")],
  gateways: { 4: parseAddress("10.0.0.1"), 6: parseAddress("fe80::1") },
  mtuBytes: 9001,
  blocks: [parseCidr("10.0.2.5/32"), parseCidr("2001:db8:0:0:2::/80")],
};
const spec = {
  key,
  netns: { path: "/run/netns/p", cookie: "1" },
  datapath: "veth" as const,
  addresses: [{ address: parseAddress("10.0.2.5"), block: parseCidr("10.0.2.5/32"), interfaceMac: mac1 }],
  mtuBytes: 9001,
};
const network: NodeNetwork = {
  interfaces: [eth0, eth1],
  vpcCidrs: [],
  egress: { nat: "node", excludedCidrs: [], podMetadataAccess: false },
  attachments: [{ spec, facts: vethFacts(spec) }],
};

function link(index: number, name: string, changes: Partial<Link> = {}): Link {
  return {
    index,
    name,
    mac: undefined,
    mtuBytes: 1500,
    up: false,
    alias: undefined,
    kind: undefined,
    group: 0,
    peerIndex: undefined,
    peerNetnsId: undefined,
    rpFilter: 0,
    ...changes,
  };
}

const podLink = link(9, hostIfName, { kind: "veth", mac: hostMac, alias: attachmentAlias(key) });
const settings: Record<string, string> = {
  "net/ipv4/ip_forward": "0",
  "net/ipv6/conf/eth0/accept_ra": "1",
  "net/ipv6/conf/eth1/accept_ra": "1",
  "net/ipv6/conf/eth1/accept_dad": "1",
  "net/ipv6/conf/all/forwarding": "0",
};
/** A node as it boots, and one pod's link. */
const bare: NodeView = {
  links: [link(2, "eth0", { mac: mac0, up: true }), link(3, "eth1", { mac: mac1 }), podLink],
  addrs: [{ ifIndex: 2, address: parseAddress("10.0.0.10"), prefixLength: 24, protocol: 0 }],
  routes: [],
  rules: [],
  neighs: [],
  setting: (name) => settings[name],
};

const plan = (view: NodeView, wanted = network) => planNode(view, desireFor(wanted, view.links, numbers));
const lines = (changes: readonly NodeChange[]) =>
  changes.map(({ repair }) => `${repair.object}: ${repair.description}`);

test("a bare node gets everything, in an order the kernel accepts", () => {
  expect(lines(plan(bare))).toEqual([
    "sysctl: net.ipv4.ip_forward=1",
    "sysctl: net.ipv6.conf.eth0.accept_ra=2",
    "sysctl: net.ipv6.conf.eth1.accept_ra=0",
    "sysctl: net.ipv6.conf.eth1.accept_dad=0",
    "sysctl: net.ipv6.conf.all.forwarding=1",
    "sysctl: net.ipv4.conf.eth0.rp_filter=2",
    "link: link set eth1 mtu 9001",
    "link: link set eth1 up",
    "sysctl: net.ipv4.conf.eth1.rp_filter=2",
    "addr: addr add 10.0.0.11/32 dev eth1",
    "addr: addr add -6 2001:db8::11/128 dev eth1",
    `link: link set ${hostIfName} up`,
    `sysctl: net.ipv4.conf.${hostIfName}.rp_filter=1`,
    `neigh: neigh replace 10.0.2.5 lladdr ${podMac} dev ${hostIfName} nud permanent`,
    "route: route add 0.0.0.0/0 via 10.0.0.1 dev eth0 table 7701 onlink",
    "route: route add 0.0.0.0/0 via 10.0.0.1 dev eth1 table 7702 onlink",
    "route: route add ::/0 via fe80::1 dev eth1 table 7702 onlink",
    "route: route add unreachable 10.0.1.0/28 table 7700 metric 4096",
    "route: route add unreachable 10.0.2.5/32 table 7700 metric 4096",
    "route: route add unreachable 2001:db8:0:0:2::/80 table 7700 metric 4096",
    `route: route add 10.0.2.5/32 dev ${hostIfName} table 7700`,
    "rule: -4 rule add pref 600 lookup 7700",
    "rule: -6 rule add pref 600 lookup 7700",
    "rule: -4 rule add pref 700 fwmark 0x1/0x7f lookup 7701",
    "rule: -4 rule add pref 700 fwmark 0x2/0x7f lookup 7702",
    "rule: -6 rule add pref 700 fwmark 0x2/0x7f lookup 7702",
    "rule: -4 rule add pref 800 from 10.0.0.11/32 lookup 7702",
    "rule: -6 rule add pref 800 from 2001:db8::11/128 lookup 7702",
  ]);
});

test("once it is carried out nothing is left to do", () => {
  expect(lines(plan(carriedOut(bare, plan(bare))))).toEqual([]);
});

test("what is no longer wanted goes, and nothing of it stays", () => {
  const full = carriedOut(bare, plan(bare));
  const removed = plan(full, { ...network, interfaces: [eth0], attachments: [] });
  expect(lines(removed)).toEqual([
    "addr: addr del 10.0.0.11/32 dev eth1",
    "addr: addr del -6 2001:db8::11/128 dev eth1",
    "route: route del 0.0.0.0/0 via 10.0.0.1 dev eth1 table 7702",
    "route: route del ::/0 via fe80::1 dev eth1 table 7702",
    "route: route del unreachable 10.0.2.5/32 table 7700 metric 4096",
    "route: route del unreachable 2001:db8:0:0:2::/80 table 7700 metric 4096",
    "rule: -6 rule del pref 600 lookup 7700",
    "rule: -4 rule del pref 700 fwmark 0x2/0x7f lookup 7702",
    "rule: -6 rule del pref 700 fwmark 0x2/0x7f lookup 7702",
    "rule: -4 rule del pref 800 from 10.0.0.11/32 lookup 7702",
    "rule: -6 rule del pref 800 from 2001:db8::11/128 lookup 7702",
  ]);
});

describe("left alone is", () => {
  const full = carriedOut(bare, plan(bare));
  const rows: [string, Partial<NodeView>][] = [
    ["an interface that is not there yet", { links: full.links.filter(({ name }) => name !== "eth1") }],
    ["an attachment whose link is gone", { links: full.links.filter(({ name }) => name !== hostIfName) }],
  ];
  test.each(rows)("%s", (_, changes) => {
    const planned = lines(plan({ ...full, ...changes }));
    expect(planned.filter((line) => / add /.test(line))).toEqual([]);
  });

  test("a primary interface that takes no router advertisements, and one that takes them already", () => {
    for (const value of ["0", "2"]) {
      const setting = (name: string) => (name === "net/ipv6/conf/eth0/accept_ra" ? value : full.setting(name));
      expect(lines(plan({ ...full, setting }))).toEqual([]);
    }
  });

  test("somebody else's rule or address, whatever it is", () => {
    const addr: Addr = { ifIndex: 3, address: parseAddress("192.0.2.1"), prefixLength: 24, protocol: 0 };
    const rule = { family: 4 as const, priority: 650, table: 7700, protocol: 3, source: parseCidr("10.0.0.11/32") };
    expect(lines(plan({ ...full, addrs: [...full.addrs, addr], rules: [...full.rules, rule] }))).toEqual([]);
  });

  test("a rule of somebody else that does the same as ours", () => {
    const rules = full.rules.map((rule) => ({ ...rule, protocol: 0 }));
    expect(lines(plan({ ...full, rules }))).toEqual([]);
  });

  test("an address the operating system gave the interface, with another prefix", () => {
    const addrs = full.addrs.map((addr) => (addr.ifIndex === 3 ? { ...addr, prefixLength: 24, protocol: 0 } : addr));
    expect(lines(plan({ ...full, addrs }))).toEqual([]);
  });

  test("routes of an attachment that is not known here", () => {
    const wanted = { ...network, attachments: [] };
    expect(lines(plan(full, wanted))).toEqual([]);
  });
});

describe("put back is", () => {
  const full = carriedOut(bare, plan(bare));
  test("a route of ours that somebody turned elsewhere", () => {
    const routes = full.routes.map((route) =>
      route.destination === "10.0.2.5/32" && route.type === "unicast" ? { ...route, ifIndex: 2 } : route,
    );
    expect(lines(plan({ ...full, routes }))).toEqual([`route: route replace 10.0.2.5/32 dev ${hostIfName} table 7700`]);
  });

  test("a neighbour that is no longer permanent", () => {
    const neighs = full.neighs.map((neigh) => ({ ...neigh, permanent: false }));
    expect(lines(plan({ ...full, neighs }))).toHaveLength(1);
  });

  test("an alias that is gone", () => {
    const links = full.links.map((one) => (one.name === hostIfName ? { ...one, alias: undefined } : one));
    const alias = `link: link set ${hostIfName} alias ${attachmentAlias(key)}`;
    expect(lines(plan({ ...full, links }))).toEqual([alias]);
  });
});

test("a change to an attachment says whose it is", () => {
  const own = plan(bare).filter(({ attachment }) => attachment !== undefined);
  expect(own.every(({ repair }) => repair.description.includes(hostIfName))).toBe(true);
  expect(own).toHaveLength(4);
});

/** The node after the changes, as the kernel would show it: what is in the requests is decoded. */
function carriedOut(view: NodeView, changes: readonly NodeChange[]): NodeView {
  const after = {
    ...view,
    addrs: [...view.addrs],
    routes: [...view.routes],
    rules: [...view.rules],
    neighs: [...view.neighs],
  };
  const values: Record<string, string> = { ...settings };
  for (const { act } of changes) {
    if (act.kind === "setting") {
      values[act.name] = act.value;
      continue;
    }
    const { type, body } = act.request;
    if (type === messageType.newAddr) after.addrs.push(...some(decodeAddr(body)));
    if (type === messageType.newRoute) after.routes.push(...some(decodeRoute(body)));
    if (type === messageType.newRule) after.rules.push(...some(decodeRule(body)));
    if (type === messageType.newNeigh) after.neighs.push(...some(decodeNeigh(body)));
  }
  const rpFilter = (name: string) => (name === hostIfName ? 1 : 2);
  const links = view.links.map((one) => ({
    ...one,
    up: true,
    rpFilter: rpFilter(one.name),
    mtuBytes: one.name === "eth1" ? 9001 : one.mtuBytes,
  }));
  // The kernel does not show `onlink` of a route by which it was asked to delete it.
  const routes = after.routes.map(({ onlink: _, ...route }) => route);
  return { ...after, links, routes, setting: (name) => values[name] };
}

function some<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
