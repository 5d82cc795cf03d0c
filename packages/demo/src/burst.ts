import type { AttachmentReport, NodeReport } from "@podwire/core";
import { type DemoNode, describeHolding, type Holding, holdingOf, targetOf, untilSettled } from "./node.ts";
import { type AddedPod, addPod, makeSandbox, type Pod } from "./pods.ts";
import { nodeType, podSubnetId } from "./scenario.ts";
import type { Cast, Stage } from "./stage.ts";

/** Where the time of one ADD went. Client: the process, start to end; the others: as podwired measured. */
export interface AddTiming {
  readonly node: string;
  readonly pod: string;
  readonly clientMs: number;
  readonly daemonMs: number | undefined;
  readonly kernelMs: number | undefined;
  /** Until an address was there and written down. */
  readonly waitMs: number | undefined;
}

export interface Burst {
  readonly pods: readonly Pod[];
  readonly adds: readonly AddTiming[];
}

/** All pods of a node at once. @throws IO_FAILURE an ADD failed */
export async function burst(stage: Stage, { vpc }: Cast, node: DemoNode): Promise<Burst> {
  const names = Array.from({ length: stage.options.pods }, (_, index) => `${podPrefix(node)}-${index + 1}`);
  const sandboxes = await Promise.all(names.map((name) => makeSandbox(stage, name)));
  const before = await node.podwired.report();
  const added = await Promise.all(sandboxes.map((sandbox) => addPod(node, sandbox)));
  const { attachments } = await node.podwired.report();
  const pods = added.map(({ pod }) => pod);
  checkAddresses(stage, { node, before, pods });
  const isWarm = await untilSettled(node, pods.length);
  const holding = holdingOf(vpc, node);
  const claim = `its pool is warm again, with ${targetOf(node, pods.length)} addresses`;
  stage.journal.check(claim, isWarm, describeHolding(holding));
  checkInterfaces(stage, holding);
  return { pods, adds: addTimings(node, added, attachments) };
}

/** `pod-1` for the pods of node-1. */
export function podPrefix({ name }: DemoNode): string {
  return name.replace("node", "pod");
}

/** Nobody shares; and no pod waited for EC2 that need not. */
function checkAddresses(
  { journal }: Stage,
  { node, before, pods }: { readonly node: DemoNode; readonly before: NodeReport; readonly pods: readonly Pod[] },
): void {
  const distinct = new Set(pods.map(({ address }) => address)).size;
  const list = pods.map(({ name, address }) => `${name} ${address}`);
  for (let at = 0; at < list.length; at += 3) journal.note(list.slice(at, at + 3).join("   "));
  journal.check(
    `every pod of ${node.name} has an address of its own`,
    distinct === pods.length,
    `${distinct} addresses`,
  );
  const held = new Set(before.blocks.map(({ cidr }) => cidr.split("/", 1).join()));
  const fromPool = pods.filter(({ address }) => held.has(address)).length;
  const expected = Math.min(pods.length, before.pools[0]?.available ?? 0);
  const others = pods.length - fromPool;
  const seen = `${fromPool} got one that was there${others === 0 ? "" : `, ${others} one that EC2 gave meanwhile`}`;
  journal.check("those whom the warm pool can serve need nothing of EC2", fromPool === expected, seen);
}

function checkInterfaces({ journal, options }: Stage, { interfaces, furtherSubnets }: Holding): void {
  const needed = Math.ceil(options.pods / nodeType.addressesPerInterface);
  const isIn = furtherSubnets.every((subnetId) => subnetId === podSubnetId) && interfaces >= needed;
  const claim = `${options.pods} pods need ${needed} interfaces; those beside the primary one are in ${podSubnetId}`;
  journal.check(claim, isIn, `${interfaces}, further ones in ${furtherSubnets.join(", ") || "no subnet"}`);
}

/** The time in the client beside what podwired reports of the same ADDs. */
function addTimings(
  node: DemoNode,
  added: readonly AddedPod[],
  attachments: readonly AttachmentReport[],
): readonly AddTiming[] {
  return added.map(({ pod, clientMs }) => {
    const timing = attachments.find(({ containerId }) => containerId === pod.containerId)?.addTiming;
    const { totalMs: daemonMs, hostMs: kernelMs, waitMs } = timing ?? {};
    return { node: node.name, pod: pod.name, clientMs, daemonMs, kernelMs, waitMs };
  });
}
