import { existsSync } from "node:fs";
import { cloudFactsOf } from "@podwire/aws-eni/testing";
import { createLinuxHost, defaultKernelNumbers, openNetlink } from "@podwire/linux";
import { audit, type Contradiction, callPlugin, failureText, podIfName, readKernelFacts } from "@podwire/testkit";
import { eventually } from "./eventually.ts";
import { formatMs } from "./journal.ts";
import type { Pod } from "./pods.ts";
import { node } from "./scenario.ts";
import type { Cast, Stage } from "./stage.ts";

const settleTimeoutMs = 20_000;

/** DEL of every pod through the plugin; its interface must be gone from its namespace. */
export async function deletePods({ journal }: Stage, { plugin }: Cast, pods: readonly Pod[]): Promise<void> {
  for (const pod of pods) {
    const outcome = await callPlugin(plugin, "DEL", { container: pod });
    const left = await linksIn(pod.netnsPath);
    const clean = outcome.exitCode === 0 && !left.includes(podIfName);
    const seen = failureText(outcome) ?? `after ${formatMs(outcome.ms)} its namespace holds ${left.join(", ")}`;
    journal.check(`DEL of ${pod.name} leaves nothing in it`, clean, seen);
  }
}

/** Kernel, store and EC2 side by side, once what is under way has come to an end. */
export async function auditNode({ journal }: Stage, cast: Cast): Promise<readonly Contradiction[]> {
  const found = await eventually(
    () => contradictions(cast),
    (list) => list.length === 0,
    settleTimeoutMs,
  );
  const seen = found.map(({ kind, subject, message }) => `${kind} ${subject}: ${message}`).join("; ");
  journal.check("kernel, store and EC2 agree, and nothing is left over", found.length === 0, seen);
  return found;
}

export async function stopPodwired({ journal, runDirectory }: Stage, { podwired }: Cast): Promise<void> {
  const code = await podwired.end("SIGTERM");
  journal.check("podwired ends by itself on SIGTERM", code === 0, code === null ? "killed" : `exit code ${code}`);
  const socket = `${runDirectory}/podwired.sock`;
  journal.check("its socket is gone", !existsSync(socket), existsSync(socket) ? socket : "");
}

async function contradictions({ vpc, podwired }: Cast): Promise<readonly Contradiction[]> {
  const hostNetnsPath = vpc.fabric.netnsPath(node.name);
  const host = createLinuxHost({ hostNetnsPath });
  const netlink = openNetlink({ netnsPath: hostNetnsPath });
  try {
    const { protocol, podTable } = defaultKernelNumbers;
    return audit({
      report: await podwired.report(),
      kernel: await readKernelFacts({ host, netlink, protocol, podTable }),
      cloud: cloudFactsOf(vpc.aws.model.state(), node.instanceId),
    });
  } finally {
    netlink.close();
    host.close();
  }
}

async function linksIn(netnsPath: string): Promise<readonly string[]> {
  const netlink = openNetlink({ netnsPath });
  try {
    return (await netlink.links()).map(({ name }) => name);
  } finally {
    netlink.close();
  }
}
