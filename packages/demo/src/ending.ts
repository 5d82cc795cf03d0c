import { existsSync } from "node:fs";
import { cloudFactsOf, type FakeVpcNetwork } from "@podwire/aws-eni/testing";
import { createLinuxHost, defaultKernelNumbers, openNetlink } from "@podwire/linux";
import { audit, type Contradiction, callPlugin, failureText, podIfName, readKernelFacts } from "@podwire/testkit";
import { eventually } from "./eventually.ts";
import { formatMs } from "./journal.ts";
import type { DemoNode } from "./node.ts";
import type { Pod } from "./pods.ts";
import type { Cast, Stage } from "./stage.ts";

const settleTimeoutMs = 20_000;

/** A node's contradictions, and whose they are. */
export type NodeContradiction = Contradiction & { readonly node: string };

/** DEL of every pod through the plugin, all at once; its interface must be gone from its namespace. */
export async function deletePods({ journal }: Stage, pods: readonly Pod[]): Promise<void> {
  const startedMs = performance.now();
  const problems = await Promise.all(pods.map(deletePod));
  const wrong = problems.filter((problem) => problem !== undefined);
  const seen = `${pods.length} pods in ${formatMs(performance.now() - startedMs)}`;
  journal.check("DEL leaves nothing in any pod", wrong.length === 0, wrong.length === 0 ? seen : wrong.join("; "));
}

/** Kernel, store and EC2 side by side on every node, once what is under way has come to an end. */
export async function auditNodes({ journal }: Stage, { vpc, nodes }: Cast): Promise<readonly NodeContradiction[]> {
  const found: NodeContradiction[] = [];
  for (const node of nodes) {
    const list = await eventually(
      () => contradictions(vpc, node),
      ({ length }) => length === 0,
      settleTimeoutMs,
    );
    const seen = list.map(({ kind, subject, message }) => `${kind} ${subject}: ${message}`).join("; ");
    journal.check(`${node.name}: kernel, store and EC2 agree, and nothing is left over`, list.length === 0, seen);
    found.push(...list.map((each) => ({ ...each, node: node.name })));
  }
  return found;
}

export async function stopNodes({ journal }: Stage, { nodes }: Cast): Promise<void> {
  for (const { name, podwired, runDirectory } of nodes) {
    const code = await podwired.end("SIGTERM");
    const seen = code === null ? "killed" : `exit code ${code}`;
    journal.check(`podwired of ${name} ends by itself on SIGTERM`, code === 0, seen);
    const socket = `${runDirectory}/podwired.sock`;
    journal.check("its socket is gone", !existsSync(socket), existsSync(socket) ? socket : "");
  }
}

/** DEL of one; its interface must be gone from its namespace. @returns what went wrong */
export async function deletePod(pod: Pod): Promise<string | undefined> {
  const outcome = await callPlugin(pod.node.plugin, "DEL", { container: pod });
  const left = (await linksIn(pod.netnsPath)).includes(podIfName) ? `${podIfName} is still there` : undefined;
  const problem = failureText(outcome) ?? left;
  return problem === undefined ? undefined : `${pod.name}: ${problem}`;
}

async function contradictions(
  vpc: FakeVpcNetwork,
  { netnsPath, instanceId, podwired }: DemoNode,
): Promise<readonly Contradiction[]> {
  const host = createLinuxHost({ hostNetnsPath: netnsPath });
  const netlink = openNetlink({ netnsPath });
  try {
    const { protocol, podTable } = defaultKernelNumbers;
    return audit({
      report: await podwired.report(),
      kernel: await readKernelFacts({ host, netlink, protocol, podTable }),
      cloud: cloudFactsOf(vpc.aws.model.state(), instanceId),
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
