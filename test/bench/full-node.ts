import { type BenchNode, withBenchNode } from "./bench-node.ts";
import { withContainers } from "./containers.ts";
import { measureDriftRepair } from "./drift-repair.ts";
import { measureFootprint } from "./footprint.ts";
import type { Measurement } from "./measurement.ts";
import { measureRecovery } from "./recovery.ts";
import type { Stage } from "./stage.ts";

const pods = 250;
/** Of these, so many are added at once. */
const batch = 10;

/**
 * A node with 250 pods on six interfaces: what it costs, and what it takes to put things right. It is a large m5,
 * because eight interfaces of 30 addresses, as the m5.4xlarge has, hold 232 pods.
 */
export function measureFullNode(stage: Stage, only?: string): Promise<readonly Measurement[]> {
  const options = {
    instanceType: "m5.24xlarge",
    pool: { minimum: pods + 8, warm: 0 },
    // Twice as often as by default, so that 30 s of idleness hold one comparison with the cloud.
    reconcile: { intervalMs: 30_000 },
  };
  return withBenchNode(stage, options, (node) =>
    withContainers({ name: "full", count: pods }, async (containers) => {
      const calls = containers.map((container) => ({ plugin: node.plugin, command: "ADD" as const, container }));
      for (let from = 0; from < pods; from += batch) await stage.runner.atOnce(calls.slice(from, from + batch));
      return await measure(stage, node, only);
    }),
  );
}

/** Each in the same node, one after another; with `only` nothing but what that row needs. */
async function measure(stage: Stage, node: BenchNode, only: string | undefined): Promise<readonly Measurement[]> {
  const isWanted = (...names: readonly string[]) => only === undefined || names.includes(only);
  const rows: Measurement[] = [];
  if (isWanted("daemon-rss-mib", "daemon-idle-cpu-percent")) rows.push(...(await measureFootprint(node)));
  if (isWanted("drift-repair-ms")) rows.push(await measureDriftRepair(node));
  if (isWanted("recovery-ms")) rows.push(await measureRecovery(stage, node));
  return rows;
}
