import { neverCancelled, parseAddress, parseCidr } from "@podwire/core";
import { deleteAddr, openNetlink, replaceAddr, setLink } from "@podwire/linux";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { countedPackets, nft } from "./nft.ts";
import {
  createPodLab,
  echoPort,
  type LabPod,
  metadata,
  nodeAddresses,
  outsideAddresses,
  type PodLab,
  peerAddresses,
  reachBlocked,
  refusal,
  secondaryAddresses,
  seenAs,
} from "./pod-lab.ts";

let lab: PodLab;
/** On the primary interface, on the secondary one, and one more on each. */
let pods: Record<"first" | "second" | "other", LabPod>;

const dual = [
  ["IPv4", 0],
  ["IPv6", 1],
] as const;

beforeAll(async () => {
  lab = await createPodLab();
  await lab.host.converge(lab.desired(), neverCancelled);
  await lab.probes.node.listen(secondaryAddresses, echoPort);
  pods = {
    first: await lab.addPod("first", ["10.0.1.3", "2001:db8:0:0:1::3"]),
    second: await lab.addPod("second", ["10.0.2.5", "2001:db8:0:0:2::5"]),
    other: await lab.addPod("other", ["10.0.1.4", "2001:db8:0:0:1::4"]),
  };
});

afterAll(() => lab?.close());

beforeEach(async () => {
  await lab.host.converge(lab.desired(), neverCancelled);
  expect(await lab.host.converge(lab.desired(), neverCancelled)).toEqual([]);
});

describe.each(dual)("by %s", (_, family) => {
  const addressOf = (pod: LabPod) => pod.addresses[family] ?? "";
  const peer = peerAddresses[family] ?? "";
  const node = nodeAddresses[family] ?? "";

  test("pods of one node reach each other and see each other's own addresses", async () => {
    const { first, second, other } = pods;
    for (const [from, to] of [
      [first, other],
      [first, second],
      [second, first],
    ] as const) {
      expect(await seenAs(from.probe, addressOf(to))).toBe(addressOf(from));
    }
  });

  test.each(["first", "second"] as const)("the %s pod and an instance in the VPC reach each other", async (name) => {
    const pod = pods[name];
    expect(await seenAs(pod.probe, peer)).toBe(addressOf(pod));
    expect(await seenAs(lab.probes.peer, addressOf(pod))).toBe(peer);
  });

  test("pods and their node reach each other", async () => {
    for (const pod of [pods.first, pods.second]) {
      expect(await seenAs(pod.probe, node)).toBe(addressOf(pod));
      expect((await seenAs(lab.probes.node, addressOf(pod))).startsWith("blocked")).toBe(false);
    }
  });

  test("the node and an instance in the VPC reach each other as if there were no pods", async () => {
    expect(await seenAs(lab.probes.node, peer)).toBe(node);
    expect(await seenAs(lab.probes.peer, node)).toBe(peer);
  });

  test("the node answers by the secondary interface what it is asked there", async () => {
    expect(await seenAs(lab.probes.peer, secondaryAddresses[family] ?? "")).toBe(peer);
  });

  test.each([
    ["primary", ["10.0.1.9", "2001:db8:0:0:1::9"]],
    ["secondary", ["10.0.2.6", "2001:db8:0:0:2::6"]],
  ])("a free address of a block of the %s interface is refused, and its packets do not leave", async (_name, both) => {
    const free = both[family] ?? "";
    const leaving = watchLeaving("daddr", free);
    try {
      const probes = [pods.first.probe, pods.second.probe, lab.probes.node, lab.probes.peer];
      const refusals = await Promise.all(probes.map((from) => refusal(from, free)));
      expect(refusals.map((why) => why.replace(/^E(HOST|NET)UNREACH$/, "unreachable"))).toEqual(
        probes.map(() => "unreachable"),
      );
      expect(leaving.packets()).toBe(0);
    } finally {
      leaving.close();
    }
  });

  test.each([
    ["first", "nobody's", ["10.0.1.9", "2001:db8:0:0:1::9"]],
    ["first", "another pod's", ["10.0.1.4", "2001:db8:0:0:1::4"]],
    ["first", "the VPC's", ["10.0.0.99", "2001:db8::99"]],
    ["second", "nobody's", ["10.0.2.6", "2001:db8:0:0:2::6"]],
    ["second", "another pod's", ["10.0.1.4", "2001:db8:0:0:1::4"]],
    ["second", "the node's", ["10.0.0.11", "2001:db8::11"]],
  ] as const)("a packet of the %s pod with %s address as its source goes nowhere", async (name, _what, sources) => {
    const [pod, source] = [pods[name], sources[family]];
    const leaving = watchLeaving("saddr", source);
    // What the link itself would do against it, for IPv4 alone.
    await withoutRpFilter(pod);
    try {
      await withAddress(pod.path, source, async () => {
        const before = forged();
        const targets = [peer, addressOf(name === "first" ? pods.second : pods.first)];
        const outcomes = await Promise.all(targets.map((to) => reachBlocked(pod.probe, to, source)));
        expect(outcomes.map(({ reached }) => reached)).toEqual([false, false]);
        expect(forged()).toBeGreaterThan(before);
      });
      expect(leaving.packets()).toBe(0);
    } finally {
      leaving.close();
    }
    expect(await seenAs(pod.probe, peer)).toBe(addressOf(pod));
  });
});

describe("beyond the VPC", () => {
  const [outside4 = "", outside6 = ""] = outsideAddresses;

  test("IPv4 is translated to the node's address, whichever interface holds the pod's", async () => {
    for (const pod of [pods.first, pods.second]) expect(await seenAs(pod.probe, outside4)).toBe(nodeAddresses[0]);
  });

  test("IPv6 keeps the pod's address", async () => {
    for (const pod of [pods.first, pods.second]) expect(await seenAs(pod.probe, outside6)).toBe(pod.addresses[1]);
  });

  test.each([
    ["external NAT", { nat: "external" as const }],
    ["an excluded destination", { excludedCidrs: [parseCidr("198.51.100.0/24")] }],
  ])("with %s IPv4 leaves untranslated by the interface that holds the address", async (_, egress) => {
    await lab.host.converge(lab.desired(egress), neverCancelled);
    const before = await lab.fabric.drops();
    for (const pod of [pods.first, pods.second]) expect((await reachBlocked(pod.probe, outside4)).reached).toBe(false);
    const after = await lab.fabric.drops();
    // The internet gateway refuses it: it has no public address. The source check let it pass: the interface was right.
    expect(after["internet-gateway"]).toBeGreaterThan(before["internet-gateway"]);
    expect(after["source-check"]).toBe(before["source-check"]);
  });

  test("the metadata server is refused at once unless pods may reach it", async () => {
    expect((await reachBlocked(pods.first.probe, metadata)).reached).toBe(false);
    await lab.host.converge(lab.desired({ podMetadataAccess: true }), neverCancelled);
    for (const pod of [pods.first, pods.second]) expect(await seenAs(pod.probe, metadata)).toBe(nodeAddresses[0]);
  });
});

function forged(): number {
  return countedPackets(lab.nodePath, "inet podwire antispoofing");
}

/** Counts packets from or to an address that leave the node, or go on to another pod. */
function watchLeaving(end: "saddr" | "daddr", address: string) {
  const match = `${address.includes(":") ? "ip6" : "ip"} ${end} ${address}`;
  const { nodePath } = lab;
  nft(nodePath, `table inet watch { chain out { type filter hook postrouting priority 300; ${match} counter; }; }`);
  return {
    packets: () => countedPackets(nodePath, "inet watch out"),
    close: () => void nft(nodePath, "delete", "table", "inet", "watch"),
  };
}

/** Until the next converge. */
async function withoutRpFilter({ facts }: LabPod): Promise<void> {
  const netlink = openNetlink({ netnsPath: lab.nodePath, maxSockets: 1 });
  await netlink.apply([setLink(facts.hostIfName, { rpFilter: 0 })]);
  netlink.close();
}

/** Lets the pod use an address that it was not given. */
async function withAddress(path: string, text: string, work: () => Promise<void>): Promise<void> {
  const netlink = openNetlink({ netnsPath: path, maxSockets: 1 });
  const address = parseAddress(text);
  const ifIndex = (await netlink.link("lo"))?.index ?? 0;
  const addr = { ifIndex, address, prefixLength: text.includes(":") ? 128 : 32, protocol: 0 };
  try {
    await netlink.apply([replaceAddr(addr, { noDad: true })]);
    await work();
  } finally {
    await netlink.apply([deleteAddr(addr)]);
    netlink.close();
  }
}
