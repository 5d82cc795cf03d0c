import { loseAddress } from "./address-loss.ts";
import { type AddTiming, burst } from "./burst.ts";
import { auditNodes, deletePods, type NodeContradiction, stopNodes } from "./ending.ts";
import type { Interrupts } from "./interrupts.ts";
import { describeEntry } from "./keep.ts";
import type { MatrixResult } from "./matrix.ts";
import { type Holding, holdingOf } from "./node.ts";
import { open } from "./opening.ts";
import type { Pod } from "./pods.ts";
import { showMatrix } from "./reachability.ts";
import type { Cast, Stage } from "./stage.ts";

/** Everything that was measured and seen; filled in as it happens, so that a story cut short leaves what it had. */
export interface Findings {
  adds: readonly AddTiming[];
  /** What each node held of EC2 with all its pods. */
  held: readonly Holding[];
  matrix: readonly MatrixResult[];
  addressLoss: readonly MatrixResult[];
  /** At the end. */
  contradictions: readonly NodeContradiction[];
  /** Calls of EC2 that podwired made, by node and action. */
  ec2Calls: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Packets that the VPC dropped, by reason. */
  drops: Readonly<Record<string, number>>;
}

export function noFindings(): Findings {
  return { adds: [], held: [], matrix: [], addressLoss: [], contradictions: [], ec2Calls: {}, drops: {} };
}

/** The demo from boot to audit. */
export async function tellStory(stage: Stage, findings: Findings, interrupts: Interrupts): Promise<void> {
  const { journal, options } = stage;
  const cast = await open(stage);
  const pods = await addAllPods(stage, cast, findings);
  findings.matrix = await journal.step("Who reaches whom, and as whom", () => showMatrix(stage, cast, pods));
  await journal.step("Kernel, store and EC2 side by side", () => auditNodes(stage, cast));
  if (options.keep) await journal.step("It stays as it is until Ctrl-C", () => keep(stage, { cast, pods, interrupts }));
  const [first] = pods;
  if (first !== undefined) {
    const title = `Behind podwire's back EC2 loses the address of ${first.name}`;
    findings.addressLoss = await journal.step(title, () => loseAddress(stage, cast, first));
  }
  await journal.step("DEL of every pod", () => deletePods(stage, pods));
  findings.contradictions = await journal.step("The audit again, without pods", () => auditNodes(stage, cast));
  findings.ec2Calls = ec2Calls(cast);
  findings.drops = await cast.vpc.fabric.drops();
  await journal.step("podwired stops on both nodes", () => stopNodes(stage, cast));
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

interface Kept {
  readonly cast: Cast;
  readonly pods: readonly Pod[];
  readonly interrupts: Interrupts;
}

async function keep({ journal }: Stage, { cast, pods, interrupts }: Kept): Promise<void> {
  journal.note(describeEntry(pods, cast.nodes));
  await interrupts.next();
}

function ec2Calls({ vpc, nodes }: Cast): Findings["ec2Calls"] {
  return Object.fromEntries(nodes.map(({ name, instanceId }) => [name, vpc.aws.log.counts(instanceId)]));
}
