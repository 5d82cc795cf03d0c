import { families } from "@podwire/core";
import { defaultKernelNumbers, deleteRule, openNetlink, type Rule } from "@podwire/linux";
import { runNft } from "@podwire/testkit";
import { eventually } from "./eventually.ts";
import { formatMs } from "./journal.ts";
import type { MatrixResult } from "./matrix.ts";
import type { DemoNode } from "./node.ts";
import type { Pod } from "./pods.ts";
import { tryPods } from "./reachability.ts";
import type { Cast, Stage } from "./stage.ts";

export interface KernelDriftFindings {
  /** Until rules and nft ruleset were as before; undefined = not in time. */
  readonly backAfterMs: number | undefined;
  readonly tries: readonly MatrixResult[];
}

const repairTimeoutMs = 20_000;

/** Somebody flushes podwire's routing rules and the nft ruleset of the second node: they must come back. */
export async function driftKernel(stage: Stage, cast: Cast, pods: readonly Pod[]): Promise<KernelDriftFindings> {
  const { journal } = stage;
  const [, node] = cast.nodes;
  const before = await kernelText(node);
  const removed = await flush(node);
  const startedMs = performance.now();
  journal.note(`ip rule del: ${removed} rules; nft flush ruleset`);
  const ask = () => kernelText(node);
  const after = await eventually(ask, (text) => text === before || !node.podwired.running(), repairTimeoutMs);
  const ms = performance.now() - startedMs;
  const isBack = after === before;
  journal.check("podwired brings them back", isBack, isBack ? `after ${formatMs(ms)}` : "they are not as before");
  return { backAfterMs: isBack ? ms : undefined, tries: await tryPods(stage, cast, pods) };
}

async function flush({ netnsPath }: DemoNode): Promise<number> {
  const removed = await withRules(netnsPath, async (rules, remove) => {
    await remove(rules);
    return rules.length;
  });
  await runNft(netnsPath, ["flush", "ruleset"]);
  return removed;
}

/** Podwire's rules, and all of nft but what is counted: nobody else has any on this node. */
async function kernelText({ netnsPath }: DemoNode): Promise<string> {
  const rules = await withRules(netnsPath, async (found) => found.map((rule) => JSON.stringify(rule)).sort());
  const ruleset = await runNft(netnsPath, ["list", "ruleset"]);
  return [...rules, ruleset.replace(/packets \d+ bytes \d+/g, "")].join("\n");
}

async function withRules<Result>(
  netnsPath: string,
  work: (rules: readonly Rule[], remove: (rules: readonly Rule[]) => Promise<unknown>) => Promise<Result>,
): Promise<Result> {
  const netlink = openNetlink({ netnsPath });
  try {
    const rules = (await Promise.all(families.map((family) => netlink.rules(family)))).flat();
    const own = rules.filter(({ protocol }) => protocol === defaultKernelNumbers.protocol);
    return await work(own, (doomed) => netlink.apply(doomed.map(deleteRule)));
  } finally {
    netlink.close();
  }
}
