import { type BenchNode, withBenchNode } from "./bench-node.ts";
import { withContainers } from "./containers.ts";
import { type Measurement, measurementOf, percentiles } from "./measurement.ts";
import { findPeer } from "./peer.ts";
import type { Plugin, PluginRunner } from "./plugin.ts";
import type { Stage } from "./stage.ts";

const rounds = 200;
/** Not counted: the first of everything is slower. */
const warmUpRounds = 10;

interface Samples {
  readonly addMs: number[];
  readonly delMs: number[];
}

/**
 * ADD and DEL one after another, each by a plugin process, beside the peer on the same kernel and in the same rounds.
 * An ADD of ours is served from the pool; a DEL ends when the kernel is clean.
 */
export function measureSequential(stage: Stage): Promise<readonly Measurement[]> {
  const options = { instanceType: "m5.4xlarge", pool: { minimum: 16, warm: 8 } };
  return withBenchNode(stage, options, (node) => measure(stage, node));
}

async function measure(stage: Stage, node: BenchNode): Promise<readonly Measurement[]> {
  const { runner, client } = stage;
  const peer = findPeer(stage.directory());
  const ours: Samples = { addMs: [], delMs: [] };
  const theirs: Samples = { addMs: [], delMs: [] };
  for (let round = -warmUpRounds; round < rounds; round++) {
    await playRound(runner, { plugin: node.plugin, name: `ours-${round}`, samples: round < 0 ? undefined : ours });
    if (peer.plugin === undefined) continue;
    await playRound(runner, { plugin: peer.plugin, name: `peer-${round}`, samples: round < 0 ? undefined : theirs });
  }
  const nothingMs = percentiles(await runner.nothingMs(rounds)).p50.toFixed(2);
  const note = `${client.kind} client; ${peer.note}; of each figure ${nothingMs} ms are the start of a process`;
  return [
    measurementOf("add-sequential", { unit: "ms", ours: ours.addMs, peer: peer.plugin && theirs.addMs, note }),
    measurementOf("del-sequential", { unit: "ms", ours: ours.delMs, peer: peer.plugin && theirs.delMs, note }),
  ];
}

interface Round {
  readonly plugin: Plugin;
  readonly name: string;
  /** Undefined: not counted. */
  readonly samples: Samples | undefined;
}

/** One pod's life, in a namespace of its own. */
function playRound(runner: PluginRunner, { plugin, name, samples }: Round): Promise<void> {
  return withContainers({ name, count: 1 }, async (containers) => {
    const added = await runner.inTurn(containers.map((container) => ({ plugin, command: "ADD", container })));
    const deleted = await runner.inTurn(containers.map((container) => ({ plugin, command: "DEL", container })));
    samples?.addMs.push(...added.ms);
    samples?.delMs.push(...deleted.ms);
  });
}
