import type { CniResult } from "@podwire/core";
import { callPlugin, createProbes, type Probe } from "@podwire/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAgreement } from "./node-audit.ts";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";

const echoPort = 7007;
const probes = createProbes();
let lab: NodeLab;
let closeLab = async () => {};

beforeAll(async () => {
  const quick = { warm: 0, cooldownMs: 0, releaseHoldMs: 500 };
  lab = await openNodeLab({
    pool: { ...quick, minimum: 2 },
    more: { pools: { fast: { ...quick, subnetTags: { role: "fast" } } }, networks: { "fast-net": "fast" } },
  });
  closeLab = lab.close;
}, 60_000);
afterAll(async () => {
  await probes.close();
  await closeLab();
});

test("two networks from two pools: each pod's address is of its pool's subnet, and all reach each other", async () => {
  const onDefault = await addPod("plain", "podnet");
  const onFast = [await addPod("quick-1", "fast-net"), await addPod("quick-2", "fast-net")];
  expect(onDefault.address).toMatch(/^10\.0\.0\./);
  for (const { address } of onFast) expect(address).toMatch(/^10\.0\.7\./);
  const interfaces = lab.vpc.aws.model.state().interfaces.map(({ subnetId, tags }) => [subnetId, tags["podwire/pool"]]);
  expect(interfaces).toEqual([
    ["subnet-lab", undefined],
    ["subnet-fast", "fast"],
  ]);
  const outside = await probes.start(lab.outside.netnsPath);
  await outside.listen([lab.outside.address], echoPort);
  const pods = [onDefault, ...onFast];
  for (const pod of pods) {
    for (const other of pods.filter((one) => one !== pod)) {
      expect(await seenFrom(pod.probe, other.address)).toBe(pod.address);
    }
    expect(await seenFrom(pod.probe, lab.outside.address)).toBe("10.0.0.10");
  }
  for (const { container, network } of pods) {
    const outcome = await callPlugin({ ...lab.plugins.c, network }, "DEL", { container });
    expect(outcome.exitCode).toBe(0);
  }
  // The pool that nobody uses gives back its interface; the other keeps its minimum.
  await expect.poll(() => lab.vpc.aws.model.state().interfaces.length, { timeout: 20_000 }).toBe(1);
  await expectAgreement(lab, lab.podwired);
});

async function addPod(name: string, network: string) {
  const container = lab.container(name);
  const { ips = [] } = (await added({ ...lab.plugins.c, network }, container)) as CniResult;
  const address = ips[0]?.address.split("/")[0] ?? "";
  const probe = await probes.start(container.netnsPath);
  await probe.listen([address], echoPort);
  return { container, network, address, probe };
}

async function seenFrom(probe: Probe, address: string): Promise<string> {
  const outcome = await probe.reach({ protocol: "tcp", address, port: echoPort, timeoutMs: 5_000 });
  return outcome.reached ? outcome.seenAs : outcome.why;
}
