import { setTimeout as pause } from "node:timers/promises";
import { configSchema } from "@podwire/core";
import { type BenchNode, type BenchNodeOptions, withBenchNode } from "./bench-node.ts";
import { withContainers } from "./containers.ts";
import { type CallCounts, countCalls, slowDown } from "./ec2-calls.ts";
import { type Measurement, measurementOf, type Row } from "./measurement.ts";
import type { Stage } from "./stage.ts";

const pods = 110;
const instanceType = "m5.4xlarge";
const warmRounds = 5;
const emptyRounds = 2;
/** An ADD that waits for interfaces to be created and attached must not give up before. */
const deadlineMs = 60_000;
/** Longer than the pause before podwired compares kernel and state, and than it plans ahead. */
const settleMs = 1_000;

interface Burst extends CallCounts {
  /** From the start of the first ADD to the end of the last. */
  readonly ms: number;
}

/** As many pods at once as a node of Kubernetes takes by default, all out of the pool. */
export function measureWarmBurst(stage: Stage): Promise<readonly Measurement[]> {
  return withBenchNode(stage, { instanceType, pool: { minimum: pods + 8, warm: 8 } }, async (node) => {
    const bursts: Burst[] = [];
    // The first one warms the daemon up.
    for (let round = 0; round <= warmRounds; round++) bursts.push(await playBurst(stage, node, `warm-${round}`));
    return burstRows("burst-110-warm", bursts.slice(1), (each) => each.mutating + each.describing);
  });
}

/** The same on a node that holds no address at all: the pods that wait are what makes the pool grow. */
export async function measureEmptyBurst(stage: Stage): Promise<readonly Row[]> {
  return emptyRows("burst-110-empty", await emptyBursts(stage, {}));
}

/** The same with prefixes, of which EC2 gives many by one call. */
export async function measureEmptyPrefixBurst(stage: Stage): Promise<readonly Row[]> {
  const name = "burst-110-empty-prefixes";
  const pools = { default: { prefixes: true } };
  if (configSchema.safeParse({ cloud: "aws", pools }).success) {
    return emptyRows(name, await emptyBursts(stage, { prefixes: true }));
  }
  const unmeasured = "this podwire knows no pool of prefixes";
  return [
    { name, unmeasured },
    { name: `${name}-calls`, unmeasured },
  ];
}

async function emptyBursts(stage: Stage, pool: Partial<BenchNodeOptions["pool"]>): Promise<readonly Burst[]> {
  const bursts: Burst[] = [];
  for (let round = 0; round < emptyRounds; round++) {
    const options = { instanceType, pool: { minimum: 0, warm: 0, ...pool } };
    bursts.push(await withBenchNode(stage, options, (node) => playBurst(stage, node, `empty-${round}`)));
  }
  return bursts;
}

async function playBurst({ runner }: Stage, node: BenchNode, name: string): Promise<Burst> {
  const { aws } = node.network;
  const plugin = { ...node.plugin, environment: { ...node.plugin.environment, PODWIRE_DEADLINE_MS: `${deadlineMs}` } };
  return withContainers({ name, count: pods }, async (containers) => {
    slowDown(aws);
    aws.log.clear();
    const { tookMs } = await runner.atOnce(containers.map((container) => ({ plugin, command: "ADD", container })));
    // Calls that the burst set off and no pod waited for count as well.
    await node.until(({ operations }) => operations.length === 0);
    await pause(settleMs);
    const calls = countCalls(aws);
    await runner.atOnce(containers.map((container) => ({ plugin, command: "DEL", container })));
    return { ms: tookMs, ...calls };
  });
}

function emptyRows(name: string, bursts: readonly Burst[]): readonly Measurement[] {
  return burstRows(name, bursts, ({ mutating }) => mutating);
}

function burstRows(name: string, bursts: readonly Burst[], callsOf: (burst: Burst) => number): readonly Measurement[] {
  const told = bursts.map(({ mutating, describing }) => `${mutating} mutating and ${describing} describing`);
  const note = `${bursts.length} rounds; calls of EC2: ${[...new Set(told)].join(", ")}`;
  return [
    measurementOf(name, { unit: "ms", ours: bursts.map(({ ms }) => ms), note: `${note}; to the last pod` }),
    measurementOf(`${name}-calls`, { unit: "calls", ours: bursts.map(callsOf), note }),
  ];
}
