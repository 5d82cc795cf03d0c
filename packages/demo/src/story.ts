import type { Contradiction } from "@podwire/testkit";
import { driftAddress } from "./drift.ts";
import { auditNode, deletePods, stopPodwired } from "./ending.ts";
import type { Interrupts } from "./interrupts.ts";
import { describeEntry } from "./keep.ts";
import type { MatrixResult } from "./matrix.ts";
import { open } from "./opening.ts";
import { type AddTiming, addPods, type Pod } from "./pods.ts";
import { showMatrix } from "./reachability.ts";
import { node } from "./scenario.ts";
import type { Stage } from "./stage.ts";

/** Everything that was measured and seen; filled in as it happens, so that a story cut short leaves what it had. */
export interface Findings {
  adds: readonly AddTiming[];
  addressesHeld: number;
  matrix: readonly MatrixResult[];
  drift: readonly MatrixResult[];
  contradictions: readonly Contradiction[];
  /** Calls of EC2 that podwired made, by action. */
  ec2Calls: Readonly<Record<string, number>>;
  /** Packets that the VPC dropped, by reason. */
  drops: Readonly<Record<string, number>>;
}

export function noFindings(): Findings {
  return { adds: [], addressesHeld: 0, matrix: [], drift: [], contradictions: [], ec2Calls: {}, drops: {} };
}

/** The demo from boot to audit. */
export async function tellStory(stage: Stage, findings: Findings, interrupts: Interrupts): Promise<void> {
  const { journal, options } = stage;
  const cast = await open(stage);
  const many = options.pods === 1 ? "One pod" : `${options.pods} pods, each`;
  const pods = await journal.step(`${many} by ADD of the plugin`, async () => {
    const { pods, adds, addressesHeld } = await addPods(stage, cast, options.pods);
    Object.assign(findings, { adds, addressesHeld });
    return pods;
  });
  findings.matrix = await journal.step("Who reaches whom, and as whom", () => showMatrix(stage, cast, pods));
  await journal.step("Kernel, store and EC2 side by side", () => auditNode(stage, cast));
  if (options.keep) await journal.step("It stays as it is until Ctrl-C", () => keep(stage, pods, interrupts));
  const [first] = pods;
  if (first !== undefined) {
    const title = `Behind podwire's back EC2 loses the address of ${first.name}`;
    findings.drift = await journal.step(title, () => driftAddress(stage, cast, first));
  }
  await journal.step("DEL of every pod", () => deletePods(stage, cast, pods));
  findings.contradictions = await journal.step("The audit again, without pods", () => auditNode(stage, cast));
  findings.ec2Calls = cast.vpc.aws.log.counts(node.instanceId);
  findings.drops = await cast.vpc.fabric.drops();
  await journal.step("podwired stops", () => stopPodwired(stage, cast));
}

async function keep({ journal, runDirectory }: Stage, pods: readonly Pod[], interrupts: Interrupts): Promise<void> {
  journal.note(describeEntry(pods, runDirectory));
  await interrupts.next();
}
