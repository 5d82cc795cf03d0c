import { type BenchNode, withBenchNode } from "./bench-node.ts";
import { withContainers } from "./containers.ts";
import { type Measurement, measurementOf } from "./measurement.ts";
import { findPeer } from "./peer.ts";
import type { Plugin, PluginRunner } from "./plugin.ts";
import type { Stage } from "./stage.ts";

const atOnce = 10;
const batches = 20;
/** Not counted: the first of everything is slower. */
const warmUpBatches = 5;

/**
 * Ten ADDs at once, each by a plugin process, then ten of the peer's, in turn. A figure is the time of one process, its
 * start included; all ten are started from this one process, so the later ones of a batch meet a machine that is busy.
 */
export function measureConcurrent(stage: Stage): Promise<readonly Measurement[]> {
  const options = { instanceType: "m5.4xlarge", pool: { minimum: 28, warm: 8 } };
  return withBenchNode(stage, options, (node) => measure(stage, node));
}

async function measure(stage: Stage, node: BenchNode): Promise<readonly Measurement[]> {
  const { runner } = stage;
  const peer = findPeer(stage.directory());
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let batch = -warmUpBatches; batch < batches; batch++) {
    const own = await playBatch(runner, node.plugin, `ours-${batch}`);
    const other = peer.plugin === undefined ? [] : await playBatch(runner, peer.plugin, `peer-${batch}`);
    if (batch < 0) continue;
    ours.push(...own);
    theirs.push(...other);
  }
  const note = `${stage.client.kind} client; ${peer.note}; ${batches} batches`;
  return [measurementOf(`add-concurrent-${atOnce}`, { unit: "ms", ours, peer: peer.plugin && theirs, note })];
}

/** How long each ADD took; the DELs are not timed. */
function playBatch(runner: PluginRunner, plugin: Plugin, name: string): Promise<readonly number[]> {
  return withContainers({ name, count: atOnce }, async (containers) => {
    const { ms } = await runner.atOnce(containers.map((container) => ({ plugin, command: "ADD", container })));
    await runner.atOnce(containers.map((container) => ({ plugin, command: "DEL", container })));
    return ms;
  });
}
