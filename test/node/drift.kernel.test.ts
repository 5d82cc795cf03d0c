import { readFileSync } from "node:fs";
import { type CniResult, families, parseCidr } from "@podwire/core";
import {
  addRule,
  createBridge,
  defaultKernelNumbers,
  deleteNeigh,
  deleteRoute,
  deleteRule,
  type Netlink,
  openNetlink,
  replaceRoute,
  setLink,
} from "@podwire/linux";
import type { CniContainer } from "@podwire/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { kernelText } from "../netns/kernel-text.ts";
import { nft } from "../netns/nft.ts";
import { expectAgreement } from "./node-audit.ts";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";
import { startAnswering, startTalk, undisturbed } from "./talk.ts";

const { podTable, protocol } = defaultKernelNumbers;
const repairTimeoutMs = 15_000;

let lab: NodeLab;
let netlink: Netlink;
let pod: CniContainer;
let peer: CniContainer;
let peerAddress: string;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  lab = await openNodeLab();
  undo.push(lab.close);
  netlink = openNetlink({ netnsPath: lab.nodeNetnsPath });
  undo.push(netlink.close);
  [pod, peer] = [lab.container("talks"), lab.container("answers")];
  await added(lab.plugins.c, pod);
  const result = (await added(lab.plugins.c, peer)) as CniResult;
  peerAddress = `${result.ips?.[0]?.address.split("/")[0]}`;
  for (const place of [{ address: peerAddress, netnsPath: peer.netnsPath }, lab.outside]) {
    undo.push((await startAnswering(place.address, place.netnsPath)).end);
  }
  await addForeignObjects();
}, 60_000);
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

test.each([
  { what: "rules", damage: flushRules },
  { what: "routes", damage: flushRoutes },
  { what: "nft objects", damage: async () => void nft(lab.nodeNetnsPath, "delete", "table", "inet", "podwire") },
  { what: "neighbours", damage: flushNeighbours },
])(
  "podwire's $what that somebody removes under live pods come back by themselves, and nothing else moves",
  async (row) => {
    const before = await picture();
    await whileStopped(lab.podwired.pid, async () => {
      await row.damage();
      expect(await picture()).not.toEqual(before);
    });
    await vi.waitFor(async () => expect(await picture()).toEqual(before), { timeout: repairTimeoutMs, interval: 200 });
    for (const address of [peerAddress, lab.outside.address]) {
      const talk = await startTalk(address, pod.netnsPath);
      expect(await talk.end()).toMatchObject(undisturbed);
    }
    await expectAgreement(lab, lab.podwired);
  },
);

/** The process does nothing meanwhile: it might have put things right before anybody has seen them wrong. */
async function whileStopped(pid: number, work: () => Promise<void>): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\) T /));
    await work();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

/** Everything on the node, podwire's and others', but for what is counted. */
async function picture(): Promise<string> {
  const tables = nft(lab.nodeNetnsPath, "list", "tables").trim().split("\n").sort();
  const texts = tables.map((table) => nft(lab.nodeNetnsPath, "list", ...table.split(" ")));
  return [await kernelText(lab.nodeNetnsPath), ...texts].join("\n").replace(/packets \d+ bytes \d+/g, "");
}

/** What podwire could take for its own: in its tables, beside its rules, hooked where its chains are. */
async function addForeignObjects(): Promise<void> {
  await netlink.apply([createBridge("other")]);
  const ifIndex = (await netlink.link("other"))?.index ?? 0;
  const common = { type: "unicast", ifIndex, protocol: 4, destination: parseCidr("172.16.0.0/12") } as const;
  const rule = { family: 4, priority: 601, table: podTable, protocol: 3, source: parseCidr("10.9.0.0/16") } as const;
  await netlink.apply([
    setLink("other", { up: true }),
    ...[podTable, 254].map((table) => replaceRoute({ ...common, table })),
    addRule(rule),
  ]);
  const chain = "chain c { type filter hook prerouting priority -90; ip saddr 192.0.2.7 accept; }";
  nft(lab.nodeNetnsPath, `table inet other { ${chain}; }`);
}

async function flushRules(): Promise<void> {
  const rules = (await Promise.all(families.map((family) => netlink.rules(family)))).flat();
  await netlink.apply(rules.filter((rule) => rule.protocol === protocol).map(deleteRule));
}

async function flushRoutes(): Promise<void> {
  const routes = (await Promise.all(families.map((family) => netlink.routes({ family, protocol })))).flat();
  await netlink.apply(routes.map(deleteRoute));
}

async function flushNeighbours(): Promise<void> {
  const neighs = (await Promise.all(families.map((family) => netlink.neighs(family)))).flat();
  await netlink.apply(neighs.filter(({ permanent }) => permanent).map(deleteNeigh));
}
