import { execFileSync } from "node:child_process";
import {
  type AttachmentSpec,
  createCancelSource,
  type HostEvent,
  type NodeNetwork,
  neverCancelled,
  parseAddress,
  parseCidr,
  parseMac,
} from "@podwire/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultKernelNumbers } from "./kernel-numbers.ts";
import { createLinuxHost, type LinuxHost } from "./linux-host.ts";
import { createNetns, deleteNetns } from "./namespace/named-netns.ts";
import { replaceAddr } from "./netlink/addr.ts";
import { createBridge, createVeth, setLink } from "./netlink/link.ts";
import { type Netlink, openNetlink } from "./netlink/netlink.ts";
import { type Route, replaceRoute } from "./netlink/route.ts";
import { addRule, type Rule } from "./netlink/rule.ts";

const hostPath = "/run/netns/linux-host";
const podPath = "/run/netns/linux-host-pod";
const { podTable, protocol } = defaultKernelNumbers;
const mac = parseMac("02:00:00:00:0a:01");

let host: LinuxHost;
let netlink: Netlink;

beforeEach(async () => {
  for (const path of [hostPath, podPath]) createNetns(path);
  netlink = openNetlink({ netnsPath: hostPath });
  host = createLinuxHost({ hostNetnsPath: hostPath });
  await netlink.apply([
    createVeth({ name: "eth1", mac, mtuBytes: 1500, peer: { name: "cloud" } }),
    setLink("cloud", { up: true }),
  ]);
});

afterEach(() => {
  host.close();
  netlink.close();
  for (const path of [podPath, hostPath]) deleteNetns(path);
});

const desired: NodeNetwork = {
  interfaces: [
    {
      mac,
      role: "secondary",
      ordinal: 2,
      primaryAddresses: [parseAddress("10.0.0.11")],
      gateways: { 4: parseAddress("10.0.0.1") },
      mtuBytes: 1500,
      blocks: [parseCidr("10.0.1.0/28")],
    },
  ],
  vpcCidrs: [parseCidr("10.0.0.0/16")],
  egress: { nat: "node", excludedCidrs: [], podMetadataAccess: false },
  attachments: [],
};
const nothing: NodeNetwork = { ...desired, interfaces: [] };

async function podSpec(): Promise<AttachmentSpec> {
  return {
    key: { network: "pods", containerId: "c1", ifName: "eth0" },
    netns: await host.openNetns(podPath),
    datapath: "veth",
    addresses: [{ address: parseAddress("10.0.1.5"), block: parseCidr("10.0.1.0/28"), interfaceMac: mac }],
    mtuBytes: 1500,
  };
}

describe("what belongs to somebody else", () => {
  const foreignRule: Rule = {
    family: 4,
    priority: 601,
    table: podTable,
    protocol: 3,
    source: parseCidr("10.0.1.5/32"),
  };

  test("stays through converge, attach, detach and the removal of everything of ours", async () => {
    await netlink.apply([createBridge("pwmine"), setLink("pwmine", { up: true, alias: "podwire's neighbour" })]);
    const ifIndex = (await netlink.link("pwmine"))?.index ?? 0;
    const route = (table: number, destination: string): Route => ({
      table,
      type: "unicast",
      destination: parseCidr(destination),
      ifIndex,
      protocol: 4,
    });
    const routes = [route(254, "172.16.0.0/12"), route(podTable, "10.9.0.0/16"), route(podTable + 2, "10.9.0.0/16")];
    const addr = { ifIndex, address: parseAddress("192.0.2.1"), prefixLength: 24, protocol: 0 };
    await netlink.apply([replaceAddr(addr), ...routes.map(replaceRoute), addRule(foreignRule)]);
    nft(
      "add table inet other",
      "add chain inet other c { type filter hook forward priority 0; }",
      "add rule inet other c accept",
    );
    const before = await foreign(ifIndex);
    const spec = await podSpec();
    await host.converge(desired, neverCancelled);
    await host.attach(spec, neverCancelled);
    expect(await foreign(ifIndex)).toEqual(before);
    await host.detach(spec.key, [parseAddress("10.0.1.5")]);
    await host.converge(nothing, neverCancelled);
    expect(await foreign(ifIndex)).toEqual(before);
    expect(await ours()).toEqual([]);
  });

  async function foreign(ifIndex: number) {
    return {
      link: await netlink.link(ifIndex),
      addrs: (await netlink.addrs(4)).filter((one) => one.ifIndex === ifIndex),
      routes: (await netlink.routes({ family: 4 })).filter((one) => one.protocol === 4),
      rules: (await netlink.rules(4)).filter((one) => one.protocol !== protocol),
      table: nft("list table inet other"),
    };
  }
});

async function ours() {
  const routes = [
    ...(await netlink.routes({ family: 4, protocol })),
    ...(await netlink.routes({ family: 6, protocol })),
  ];
  const rules = (await netlink.rules(4)).filter((one) => one.protocol === protocol);
  const addrs = (await netlink.addrs()).filter((one) => one.protocol === protocol);
  return [...routes, ...rules, ...addrs];
}

test("an attachment comes and goes without any change of the nft table", async () => {
  await host.converge(desired, neverCancelled);
  const before = nft("list table inet podwire");
  const source = createCancelSource();
  const seen: HostEvent["kind"][] = [];
  const reading = (async () => {
    for await (const event of host.events(source.signal)) seen.push(event.kind);
  })();
  const spec = await podSpec();
  await host.attach(spec, neverCancelled);
  await host.detach(spec.key);
  // A last event of our own making: all earlier ones have been read when it has.
  nft("add table inet podwire");
  nft("delete table inet podwire");
  while (!seen.includes("nft")) await new Promise((resolve) => setImmediate(resolve));
  const told = seen.slice(0, seen.indexOf("nft"));
  expect(told).toContain("link");
  expect(told).not.toContain("nft");
  expect(before).toContain("chain marks");
  source.abort("the test is over");
  await reading;
});

test("a route of ours that no link carries is removed by the addresses given to detach", async () => {
  const [spec, address] = [await podSpec(), parseAddress("10.0.1.5")];
  const ifIndex = (await netlink.link("cloud"))?.index ?? 0;
  const astray: Route = { table: podTable, type: "unicast", destination: parseCidr("10.0.1.5/32"), ifIndex, protocol };
  const foreign: Route = { ...astray, destination: parseCidr("10.0.1.6/32"), protocol: 4 };
  await netlink.apply([replaceRoute(astray), replaceRoute(foreign)]);
  await host.detach(spec.key, [address, parseAddress("10.0.1.6")]);
  expect(await netlink.routes({ family: 4, table: podTable })).toEqual([foreign]);
});

test("a DEL during converge is not undone by it", async () => {
  const spec = await podSpec();
  const facts = await host.attach(spec, neverCancelled);
  const wanted = { ...desired, attachments: [{ spec, facts }] };
  for (let round = 0; round < 5; round++) {
    await host.attach(spec, neverCancelled);
    await Promise.all([host.converge(wanted, neverCancelled), host.detach(spec.key)]);
    expect(await host.attachments()).toEqual([]);
    expect((await netlink.routes({ family: 4, table: podTable })).filter(({ type }) => type === "unicast")).toEqual([]);
  }
});

test("a chain of somebody else that drops forwarded packets is found before it hurts", async () => {
  nft("add table ip filter", "add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }");
  const findings = await host.preflight();
  expect(findings.find(({ id }) => id === "forward-policy-drop")?.message).toContain("ip filter FORWARD");
});

test("an interface that refuses its settings does not keep the rest from being put right", async () => {
  const [secondary] = desired.interfaces;
  if (secondary === undefined) throw new Error("the sample has an interface");
  const impossible = { ...desired, interfaces: [{ ...secondary, mtuBytes: 10_000_000 }] };
  await expect(host.converge(impossible, neverCancelled)).rejects.toMatchObject({
    code: "KERNEL_REFUSED",
    op: expect.stringContaining("link set"),
  });
  expect((await netlink.routes({ family: 4, table: podTable })).map(({ destination }) => destination)).toEqual([
    "10.0.1.0/28",
  ]);
  expect(nft("list table inet podwire")).toContain("10.0.1.0/28 : goto interface_2");
});

test("two hosts of one process keep to their own namespaces", async () => {
  const other = createLinuxHost({ hostNetnsPath: podPath });
  await host.converge(desired, neverCancelled);
  expect(await other.converge(nothing, neverCancelled)).not.toEqual([]);
  expect(await host.converge(desired, neverCancelled)).toEqual([]);
  expect((await other.interfaces()).map(({ name }) => name)).toEqual(["lo"]);
  other.close();
});

function nft(...commands: string[]): string {
  const env = { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  return execFileSync("nsenter", [`--net=${hostPath}`, "nft", commands.join("; ")], { encoding: "utf8", env });
}
