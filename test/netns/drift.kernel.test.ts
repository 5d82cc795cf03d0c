import { families, neverCancelled, parseAddress, parseCidr } from "@podwire/core";
import {
  addRule,
  createBridge,
  defaultKernelNumbers,
  deleteAddr,
  deleteRoute,
  deleteRule,
  type Netlink,
  openNetlink,
  type Route,
  type Rule,
  replaceAddr,
  replaceRoute,
  setLink,
} from "@podwire/linux";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { convergeOnEvents } from "./converge-on-events.ts";
import { byOwner, kernelText } from "./kernel-text.ts";
import { nft } from "./nft.ts";
import {
  createPodLab,
  type LabPod,
  type PodLab,
  peerAddresses,
  reachBlocked,
  secondaryAddresses,
  secondaryIfName,
  seenAs,
} from "./pod-lab.ts";

const { podTable, interfaceTableBase } = defaultKernelNumbers;
const secondaryTable = interfaceTableBase + 2;
const mainTable = 254;
const kernelProtocol = 2;

let lab: PodLab;
let netlink: Netlink;
let pods: readonly LabPod[];

beforeAll(async () => {
  lab = await createPodLab();
  netlink = openNetlink({ netnsPath: lab.nodePath });
  await lab.host.converge(lab.desired(), neverCancelled);
  pods = [
    await lab.addPod("first", ["10.0.1.3", "2001:db8:0:0:1::3"]),
    await lab.addPod("second", ["10.0.2.5", "2001:db8:0:0:2::5"]),
  ];
  await netlink.apply([createBridge("other")]);
});

afterAll(async () => {
  netlink?.close();
  await lab?.close();
});

beforeEach(async () => {
  await lab.boot();
  await addForeignObjects();
  await lab.host.converge(lab.desired(), neverCancelled);
  expect(await lab.host.converge(lab.desired(), neverCancelled)).toEqual([]);
});

test.each([
  { what: "all rules are flushed", damage: flushRules },
  { what: "the whole nft ruleset is flushed", damage: async () => nft(lab.nodePath, "flush", "ruleset") },
  { what: "podwire's table of the pods is flushed", damage: () => flushTable(podTable) },
  { what: "podwire's table of an interface is flushed", damage: () => flushTable(secondaryTable) },
  { what: "the main table is flushed", damage: () => flushTable(mainTable), hits: "others" },
  { what: "the primary interface goes down and up again", damage: () => downAndUp("eth0") },
  { what: "the addresses of a secondary interface are removed", damage: removeAddresses },
  { what: "a secondary interface goes down", damage: () => setUp(secondaryIfName, false) },
  { what: "a secondary interface goes down and up again", damage: () => downAndUp(secondaryIfName) },
  { what: "the host's end of a pod goes down", damage: () => setUp(hostEnd(), false) },
  { what: "the host's end of a pod goes down and up again", damage: () => downAndUp(hostEnd()) },
])("when $what under traffic, events bring back what is podwire's and nothing else", async ({ damage, hits }) => {
  const [before, podsBefore] = [await picture(), await podTexts()];
  let damaged = before;
  await whileTalking(() =>
    convergeOnEvents({
      host: lab.host,
      desired: lab.desired(),
      happens: async () => {
        await damage();
        damaged = await picture();
      },
      until: async () => same((await picture()).ours, before.ours),
    }),
  );
  const after = await picture();
  expect(same(damaged.ours, before.ours)).toBe(hits === "others");
  // What somebody else took from others is not podwire's to bring back; a link that it needs is.
  expect(after.foreign).toEqual(before.foreign.filter((line) => isLink(line) || damaged.foreign.includes(line)));
  expect(await podTexts()).toEqual(podsBefore);
  // The main table is the operating system's; without its default route the kernel believes no source address.
  await lab.boot();
  await expectTraffic();
});

interface Picture {
  readonly ours: readonly string[];
  readonly foreign: readonly string[];
}

async function picture(): Promise<Picture> {
  const { ours, foreign } = byOwner(await kernelText(lab.nodePath));
  return { ours: [...ours, ...tableText("podwire")], foreign: [...foreign, ...tableText("other")] };
}

/** Line by line, without what is counted; nothing when there is no such table. */
function tableText(name: string): string[] {
  const tables = nft(lab.nodePath, "list", "tables");
  if (!tables.split("\n").includes(`table inet ${name}`)) return [];
  const text = nft(lab.nodePath, "list", "table", "inet", name).replace(/packets \d+ bytes \d+/g, "");
  return text.split("\n").map((line) => `${name}: ${line}`);
}

function isLink(line: string): boolean {
  return line.startsWith("link ");
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.join("\n") === b.join("\n");
}

function podTexts(): Promise<readonly string[]> {
  return Promise.all(pods.map(({ path }) => kernelText(path)));
}

/** All that podwire could mistake for its own, in its tables and beside them. */
async function addForeignObjects(): Promise<void> {
  const ifIndex = (await netlink.link("other"))?.index ?? 0;
  const route = (table: number, destination: string): Route => ({
    table,
    type: "unicast",
    destination: parseCidr(destination),
    ifIndex,
    protocol: 4,
  });
  const rule = (source: string): Rule => {
    const from = parseCidr(source);
    return { family: source.includes(":") ? 6 : 4, priority: 601, table: podTable, protocol: 3, source: from };
  };
  await netlink.apply([
    setLink("other", { up: true, alias: "podwire's neighbour" }),
    replaceAddr({ ifIndex, address: parseAddress("192.0.2.1"), prefixLength: 24, protocol: 0 }),
    replaceAddr({ ifIndex, address: parseAddress("2001:db8:77::1"), prefixLength: 64, protocol: 0 }, { noDad: true }),
    ...[mainTable, podTable, secondaryTable, 4242].flatMap((table) =>
      ["172.16.0.0/12", "2001:db8:99::/64"].map((destination) => replaceRoute(route(table, destination))),
    ),
    ...["10.9.0.0/16", "2001:db8:9::/64"].map((source) => addRule(rule(source))),
  ]);
  const chain = "chain c { type filter hook forward priority 0; ip saddr 192.0.2.7 accept; };";
  nft(lab.nodePath, `table inet other; delete table inet other; table inet other { ${chain} }`);
}

async function flushRules(): Promise<void> {
  const rules = (await Promise.all(families.map((family) => netlink.rules(family)))).flat();
  await netlink.apply(rules.filter(({ protocol }) => protocol !== kernelProtocol).map(deleteRule));
}

async function flushTable(table: number): Promise<void> {
  const routes = (await Promise.all(families.map((family) => netlink.routes({ family, table })))).flat();
  await netlink.apply(routes.filter(({ protocol }) => protocol !== kernelProtocol).map(deleteRoute));
}

async function removeAddresses(): Promise<void> {
  const addrs = (await netlink.addrs()).filter(({ address }) => secondaryAddresses.includes(address));
  expect(addrs).toHaveLength(secondaryAddresses.length);
  await netlink.apply(addrs.map(deleteAddr));
}

function setUp(link: string, up: boolean): Promise<void> {
  return netlink.apply([setLink(link, { up })]);
}

async function downAndUp(link: string): Promise<void> {
  await setUp(link, false);
  await setUp(link, true);
}

function hostEnd(): string {
  return pods[0]?.facts.hostIfName ?? "";
}

/** Both ways over both interfaces, whatever comes of it, as long as the work takes. */
async function whileTalking(work: () => Promise<void>): Promise<void> {
  let working = true;
  const talks = pods.flatMap(({ probe, addresses }) =>
    peerAddresses.map(async (address, family) => {
      while (working) {
        await reachBlocked(probe, address);
        await reachBlocked(lab.probes.peer, addresses[family] ?? "");
      }
    }),
  );
  try {
    await work();
  } finally {
    working = false;
    await Promise.all(talks);
  }
}

async function expectTraffic(): Promise<void> {
  for (const { probe, addresses } of pods) {
    for (const [family, address] of peerAddresses.entries()) {
      expect(await seenAs(probe, address)).toBe(addresses[family]);
      expect(await seenAs(lab.probes.peer, addresses[family] ?? "")).toBe(address);
    }
  }
}
