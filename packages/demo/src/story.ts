import { loseAddress } from "./address-loss.ts";
import { type AddTiming, burst } from "./burst.ts";
import { type CrashFindings, crash } from "./crash.ts";
import { auditNodes, deletePods, type NodeContradiction, stopNodes } from "./ending.ts";
import type { Interrupts } from "./interrupts.ts";
import { describeEntry } from "./keep.ts";
import { driftKernel, type KernelDriftFindings } from "./kernel-drift.ts";
import type { MatrixResult } from "./matrix.ts";
import { type Holding, holdingOf } from "./node.ts";
import { open } from "./opening.ts";
import type { Pod } from "./pods.ts";
import { showMatrix } from "./reachability.ts";
import { shrink } from "./shrink.ts";
import type { Cast, Stage } from "./stage.ts";

/** Everything that was measured and seen; filled in as it happens, so that a story cut short leaves what it had. */
export interface Findings {
  adds: readonly AddTiming[];
  /** What each node held of EC2 with all its pods. */
  held: readonly Holding[];
  matrix: readonly MatrixResult[];
  crash?: CrashFindings;
  kernelDrift?: KernelDriftFindings;
  addressLoss: readonly MatrixResult[];
  /** What each node held of EC2 when its pods were gone. */
  heldAtEnd: readonly Holding[];
  /** At the end. */
  contradictions: readonly NodeContradiction[];
  /** Calls of EC2 that podwired made, by node and action. */
  ec2Calls: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Packets that the VPC dropped, by reason. */
  drops: Readonly<Record<string, number>>;
}

export function noFindings(): Findings {
  return {
    adds: [],
    held: [],
    matrix: [],
    addressLoss: [],
    heldAtEnd: [],
    contradictions: [],
    ec2Calls: {},
    drops: {},
  };
}

/** The demo from boot to audit. */
export async function tellStory(stage: Stage, findings: Findings, interrupts: Interrupts): Promise<void> {
  const cast = await open(stage);
  try {
    const pods = await addAllPods(stage, cast, findings);
    await look(stage, { cast, pods, findings });
    if (stage.options.keep) await stayUntilInterrupt(stage, { cast, pods, interrupts });
    await disturb(stage, { cast, pods, findings });
    await end(stage, { cast, pods, findings });
  } finally {
    findings.ec2Calls = ec2Calls(cast);
  }
}

async function addAllPods(stage: Stage, cast: Cast, findings: Findings): Promise<readonly Pod[]> {
  const pods: Pod[] = [];
  for (const node of cast.nodes) {
    const { addresses } = holdingOf(cast.vpc, node);
    const title = `A burst on ${node.name}, which holds ${addresses}: ADD of ${stage.options.pods} at once`;
    const done = await stage.journal.step(title, () => burst(stage, cast, node));
    pods.push(...done.pods);
    findings.adds = [...findings.adds, ...done.adds];
    findings.held = [...findings.held, holdingOf(cast.vpc, node)];
  }
  return pods;
}

interface Scene {
  readonly cast: Cast;
  readonly pods: readonly Pod[];
  readonly findings: Findings;
}

async function look(stage: Stage, { cast, pods, findings }: Scene): Promise<void> {
  const { journal } = stage;
  findings.matrix = await journal.step("Who reaches whom, and as whom", () => showMatrix(stage, cast, pods));
  await journal.step("Kernel, store and EC2 side by side", () => auditNodes(stage, cast));
}

/** What goes wrong on nodes, one after the other. */
async function disturb(stage: Stage, { cast, pods, findings }: Scene): Promise<void> {
  const { journal } = stage;
  const [first, second] = cast.nodes;
  const [pod] = pods;
  const killed = `kill -9 of podwired on ${first.name}, while its pods talk with those of ${second.name}`;
  findings.crash = await journal.step(killed, () => crash(stage, cast, pods));
  const flushed = `Somebody flushes rules and nft of ${second.name}`;
  findings.kernelDrift = await journal.step(flushed, () => driftKernel(stage, cast, pods));
  if (pod === undefined) return;
  const lost = `Behind podwire's back EC2 loses the address of ${pod.name}`;
  findings.addressLoss = await journal.step(lost, () => loseAddress(stage, cast, pod));
}

async function end(stage: Stage, { cast, pods, findings }: Scene): Promise<void> {
  const { journal } = stage;
  await journal.step("DEL of every pod", () => deletePods(stage, pods));
  findings.heldAtEnd = await journal.step("The pools shrink to their targets", () => shrink(stage, cast));
  findings.contradictions = await journal.step("The audit again, without pods", () => auditNodes(stage, cast));
  findings.drops = await cast.vpc.fabric.drops();
  await journal.step("podwired stops on both nodes", () => stopNodes(stage, cast));
}

interface Kept {
  readonly cast: Cast;
  readonly pods: readonly Pod[];
  readonly interrupts: Interrupts;
}

async function stayUntilInterrupt({ journal }: Stage, { cast, pods, interrupts }: Kept): Promise<void> {
  await journal.step("It stays as it is until Ctrl-C", async () => {
    journal.note(describeEntry(pods, cast.nodes));
    await interrupts.next();
  });
}

function ec2Calls({ vpc, nodes }: Cast): Findings["ec2Calls"] {
  return Object.fromEntries(nodes.map(({ name, instanceId }) => [name, vpc.aws.log.counts(instanceId)]));
}
