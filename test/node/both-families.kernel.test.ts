import type { CniResult } from "@podwire/core";
import { callPlugin, createProbes, type Probe } from "@podwire/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAgreement } from "./node-audit.ts";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";

const echoPort = 7007;
const probes = createProbes();
let lab: NodeLab;
let closeLab = async () => {};

interface Pod {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly probe: Probe;
}

beforeAll(async () => {
  const pool = { warm: 0, minimum: 1, prefixes: true, cooldownMs: 0 };
  lab = await openNodeLab({ families: [4, 6], pool });
  closeLab = lab.close;
}, 60_000);
afterAll(async () => {
  await probes.close();
  await closeLab();
});

test("pods of both families in prefixes: an address of each, reached and seen by it, whatever the node does", async () => {
  expect(mutations()).toEqual(["AssignIpv6Addresses", "AssignPrivateIpAddresses"]);
  const pods = [await addPod("one"), await addPod("two"), await addPod("three")];
  const [primary] = lab.vpc.aws.model.state().interfaces;
  expect(primary).toMatchObject({
    secondaryAddresses: [],
    ipv4Prefixes: [expect.stringMatching(/\/28$/)],
    ipv6Prefixes: [expect.stringMatching(/\/80$/)],
  });
  for (const pod of pods) expect(pod.addresses.map((address) => address.includes(":"))).toEqual([false, true]);
  expect(new Set(pods.flatMap(({ addresses }) => addresses)).size).toBe(6);
  const outside = await probes.start(lab.outside.netnsPath);
  await outside.listen([lab.outside.address, lab.outside.address6], echoPort);
  for (const pod of pods) {
    for (const other of pods.filter((one) => one !== pod)) {
      for (const family of [0, 1]) {
        expect(await seenFrom(pod.probe, other.addresses[family])).toBe(pod.addresses[family]);
      }
    }
    // IPv4 leaves the VPC as the node, IPv6 as the pod.
    expect(await seenFrom(pod.probe, lab.outside.address)).toBe("10.0.0.10");
    expect(await seenFrom(pod.probe, lab.outside.address6)).toBe(pod.addresses[1]);
    expect(await seenFrom(outside, pod.addresses[1])).toBe(lab.outside.address6);
  }
  // Three pods took nothing that was not there.
  expect(mutations()).toHaveLength(2);
  for (const { name } of pods) {
    const outcome = await callPlugin(lab.plugins.c, "DEL", { container: containers.get(name) ?? never() });
    expect(outcome.exitCode).toBe(0);
  }
  await expectAgreement(lab, lab.podwired);
});

const containers = new Map<string, ReturnType<NodeLab["container"]>>();

function never(): never {
  throw new Error("no such container");
}

async function addPod(name: string): Promise<Pod> {
  const container = lab.container(name);
  containers.set(name, container);
  const { ips = [] } = (await added(lab.plugins.c, container)) as CniResult;
  const addresses = ips.map(({ address }) => address.split("/")[0] ?? "");
  const probe = await probes.start(container.netnsPath);
  await probe.listen(addresses, echoPort);
  return { name, addresses, probe };
}

async function seenFrom(probe: Probe, address: string | undefined): Promise<string> {
  const reach = { protocol: "tcp", address: address ?? "", port: echoPort, timeoutMs: 5_000 } as const;
  const outcome = await probe.reach(reach);
  return outcome.reached ? outcome.seenAs : outcome.why;
}

function mutations() {
  const { calls } = lab.vpc.aws.log;
  return calls
    .map(({ action }) => action)
    .filter((action) => !action.startsWith("Describe"))
    .sort();
}
