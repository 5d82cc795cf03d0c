import { execFileSync } from "node:child_process";
import { createCancelSource, type HostEvent, parseAddress, parseCidr } from "@podwire/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HostNamespace, openHostNamespace } from "../namespace/host-namespace.ts";
import { createNetns, deleteNetns } from "../namespace/named-netns.ts";
import { replaceAddr } from "../netlink/addr.ts";
import { createVeth, deleteLink, setLink } from "../netlink/link.ts";
import { type Netlink, netlinkOver } from "../netlink/netlink.ts";
import { replaceRoute } from "../netlink/route.ts";
import { addRule } from "../netlink/rule.ts";
import { createNft } from "../nft/nft-command.ts";
import { hostEvents } from "./host-events.ts";

const path = "/run/netns/events-test";

let namespace: HostNamespace;
let netlink: Netlink;
let index: number;

beforeEach(async () => {
  createNetns(path);
  namespace = openHostNamespace(path);
  netlink = netlinkOver(namespace.openSocket);
  await netlink.apply([createVeth({ name: "va", mtuBytes: 1500, peer: { name: "vb" } }), setLink("va", { up: true })]);
  index = (await netlink.link("va"))?.index ?? 0;
});

afterEach(() => {
  netlink.close();
  namespace.close();
  deleteNetns(path);
});

const base = { table: 77, type: "unicast", protocol: 4 } as const;
const moves: [HostEvent["kind"], () => Promise<void>][] = [
  ["link", () => netlink.apply([setLink("vb", { up: true })])],
  ["link", () => netlink.apply([deleteLink("va")])],
  [
    "addr",
    () =>
      netlink.apply([
        replaceAddr({ ifIndex: index, address: parseAddress("10.0.0.1"), prefixLength: 32, protocol: 0 }),
      ]),
  ],
  [
    "addr",
    () =>
      netlink.apply([
        replaceAddr(
          { ifIndex: index, address: parseAddress("fd00::1"), prefixLength: 128, protocol: 0 },
          { noDad: true },
        ),
      ]),
  ],
  ["route", () => netlink.apply([replaceRoute({ ...base, destination: parseCidr("10.0.0.9/32"), ifIndex: index })])],
  ["route", () => netlink.apply([replaceRoute({ ...base, destination: parseCidr("fd00::9/128"), ifIndex: index })])],
  ["rule", () => netlink.apply([addRule({ family: 4, priority: 5, table: 77, protocol: 4 })])],
  ["rule", () => netlink.apply([addRule({ family: 6, priority: 5, table: 77, protocol: 4 })])],
  ["nft", () => createNft(path).run("table inet podwire { }\n")],
];

const unwatched = { watch: () => () => {}, changed: () => {} };

test.each(moves)("%s: what somebody else does is told (%#)", async (kind, move) => {
  const source = createCancelSource();
  let changes = 0;
  const table = { watch: () => () => {}, changed: () => void changes++ };
  const events = hostEvents({ namespace, netlink, table }, source.signal);
  const first = events.next();
  await move();
  let event = await first;
  while (event.value?.kind !== kind) event = await events.next();
  expect(changes > 0).toBe(kind === "nft");
  source.abort("the test is over");
  while (!(await events.next()).done);
});

test("IPv4 routes that vanish with their link's state are heard of by the link", async () => {
  await netlink.apply([replaceRoute({ ...base, destination: parseCidr("10.0.0.9/32"), ifIndex: index })]);
  const source = createCancelSource();
  const events = hostEvents({ namespace, netlink, table: unwatched }, source.signal);
  const first = events.next();
  await netlink.apply([setLink("va", { up: false })]);
  expect(await first).toMatchObject({ value: { kind: "link", ifName: "va", change: "changed" } });
  expect(await netlink.routes({ family: 4, table: 77 })).toEqual([]);
  await events.return();
});

test("more than the socket can hold is told as overrun, and events go on", async () => {
  const source = createCancelSource();
  const events = hostEvents({ namespace, netlink, table: unwatched }, source.signal);
  let event = events.next();
  // By a process that is waited for synchronously, so that nothing is read meanwhile.
  runScript(`import { openNetlink } from "${moduleUrl("../netlink/netlink.ts")}";
    import { replaceRoute } from "${moduleUrl("../netlink/route.ts")}";
    const netlink = openNetlink({ netnsPath: "${path}" });
    const route = (i) => ({ table: 77, type: "unicast", protocol: 4, ifIndex: ${index},
      destination: "10." + (1 + (i >> 16)) + "." + ((i >> 8) & 255) + "." + (i & 255) + "/32" });
    await netlink.apply(Array.from({ length: 40_000 }, (_, i) => replaceRoute(route(i))));
    netlink.close();`);
  while ((await event).value?.kind !== "overrun") event = events.next();
  event = events.next();
  await netlink.apply([setLink("vb", { up: true })]);
  while ((await event).value?.kind !== "link") event = events.next();
  await events.return();
});

test("a reader that waits keeps no process alive", () => {
  const output = runScript(`import { createLinuxHost } from "${moduleUrl("../linux-host.ts")}";
    const events = createLinuxHost().events(new AbortController().signal)[Symbol.asyncIterator]();
    events.next();
    setTimeout(() => console.log("waiting"), 0);`);
  expect(output).toBe("waiting\n");
});

function moduleUrl(path: string): string {
  return new URL(path, import.meta.url).href;
}

/** In a process of its own. */
function runScript(script: string): string {
  const args = ["--conditions=podwire-source", "--input-type=module", "--eval", script];
  return execFileSync(process.execPath, args, { encoding: "utf8", timeout: 20_000 });
}
