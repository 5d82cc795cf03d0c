import { type HostEvent, type NodeNetwork, neverCancelled } from "@podwire/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { convergeOnEvents } from "./converge-on-events.ts";
import { kernelText } from "./kernel-text.ts";
import { nft } from "./nft.ts";
import {
  createPodLab,
  type LabPod,
  type PodLab,
  peerAddresses,
  reachBlocked,
  secondaryIfName,
  secondaryMac,
  seenAs,
} from "./pod-lab.ts";

let lab: PodLab;

beforeEach(async () => {
  lab = await createPodLab();
  await lab.plugSecondary(false);
});

afterEach(() => lab?.close());

const plug = () => lab.plugSecondary(true);
const unplug = () => lab.plugSecondary(false);
const addPodOfSecondary = () => lab.addPod("second", ["10.0.2.5", "2001:db8:0:0:2::5"]);
const named = (change: "changed" | "deleted") => (seen: readonly HostEvent[]) =>
  seen.some((event) => event.kind === "link" && event.mac === secondaryMac && event.change === change);

test("an interface that is plugged in later is told by its MAC address, and then carries its pods", async () => {
  const pod = await addPodOfSecondary();
  const desired = lab.desired();
  await lab.host.converge(desired, neverCancelled);
  expect(await reachesPeer(pod)).toEqual([false, false]);
  await convergeOnEvents({ host: lab.host, desired, happens: plug, until: named("changed") });
  await expectSettled(desired, pod);
});

test("an interface that is unplugged takes its rules with it, and carries its pods again when it is back", async () => {
  const pod = await addPodOfSecondary();
  const desired = lab.desired();
  await lab.host.converge(desired, neverCancelled);
  const before = await nodeText();
  await convergeOnEvents({ host: lab.host, desired, happens: plug, until: named("changed") });
  await expectSettled(desired, pod);
  await convergeOnEvents({ host: lab.host, desired, happens: unplug, until: named("deleted") });
  expect(await nodeText()).toBe(before);
  await convergeOnEvents({ host: lab.host, desired, happens: plug, until: named("changed") });
  await expectSettled(desired, pod);
});

test("of an interface that is no longer desired nothing is left but the link itself", async () => {
  const desired = lab.desired();
  const primaryOnly = { ...desired, interfaces: desired.interfaces.filter(({ role }) => role === "primary") };
  await lab.host.converge(primaryOnly, neverCancelled);
  const before = await nodeText();
  await convergeOnEvents({ host: lab.host, desired, happens: plug, until: named("changed") });
  expect(await nodeText()).not.toBe(before);
  await lab.host.converge(primaryOnly, neverCancelled);
  expect(await nodeText()).toBe(before);
  expect((await lab.host.interfaces()).map(({ name }) => name)).toContain(secondaryIfName);
});

/** Everything that is desired is there, and the pod's packets find their way. */
async function expectSettled(desired: NodeNetwork, pod: LabPod): Promise<void> {
  expect(await lab.host.converge(desired, neverCancelled)).toEqual([]);
  for (const [family, address] of peerAddresses.entries()) {
    expect(await seenAs(pod.probe, address)).toBe(pod.addresses[family]);
    expect(await seenAs(lab.probes.peer, pod.addresses[family] ?? "")).toBe(address);
  }
}

async function reachesPeer({ probe }: LabPod): Promise<boolean[]> {
  const outcomes = await Promise.all(peerAddresses.map((address) => reachBlocked(probe, address)));
  return outcomes.map(({ reached }) => reached);
}

/** Without the link of the secondary interface, which is not podwire's. */
async function nodeText(): Promise<string> {
  const lines = (await kernelText(lab.nodePath)).split("\n");
  const others = lines.filter((line) => !(line.startsWith("link ") && line.includes(secondaryMac)));
  return [...others, nft(lab.nodePath, "list", "table", "inet", "podwire")].join("\n");
}
