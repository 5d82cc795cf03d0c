import {
  type AttachmentSpec,
  type CancelSignal,
  familyOf,
  isPodwireError,
  type NodeNetwork,
  PodwireError,
  type Repair,
} from "@podwire/core";
import { interfaceMark, type KernelNumbers } from "../kernel-numbers.ts";
import type { Netlink } from "../netlink/netlink.ts";
import { isRefused, refusal } from "../netlink/request.ts";
import { nftTable, type Ruleset, renderRuleset } from "../nft/ruleset.ts";
import type { WatchedTable } from "../nft/watched-table.ts";
import type { Sysctl } from "../sysctl/sysctl.ts";
import { hostEndsAmong } from "../veth/attachment-link.ts";
import type { ActivityWatch, AttachmentActivity } from "./attachment-activity.ts";
import type { NodeChange } from "./node-change.ts";
import { desireFor, type NodeDesire } from "./node-desire.ts";
import { type NodeView, viewNode } from "./node-view.ts";
import { planNode } from "./plan-node.ts";

export interface NodeTools {
  readonly netlink: Netlink;
  readonly sysctl: Sysctl;
  readonly table: Pick<WatchedTable, "converge">;
  readonly numbers: KernelNumbers;
  readonly activity: AttachmentActivity;
  /** HostNetwork.attach, for an attachment whose link is gone. */
  attach(spec: AttachmentSpec, signal: CancelSignal): Promise<unknown>;
}

/**
 * Looks at the node, plans what is missing, does it. One refusal stops nothing else: everything is tried, then the
 * first refusal is thrown.
 */
export async function convergeNode(
  tools: NodeTools,
  network: NodeNetwork,
  signal: CancelSignal,
): Promise<readonly Repair[]> {
  const progress: Progress = { watch: tools.activity.watch(), failures: [] };
  try {
    stopIfCancelled(signal);
    const view = await viewNode(tools.netlink, tools.sysctl, tools.numbers);
    const desire = desireFor(network, view.links, tools.numbers);
    stopIfCancelled(signal);
    const repairs = await carryOut(tools, planNode(view, desire), progress);
    stopIfCancelled(signal);
    if (await attempt(progress, () => tools.table.converge(renderRuleset(rulesetOf(desire))))) {
      repairs.push({ object: "nft", description: `table inet ${nftTable} replaced` });
    }
    for (const attachment of lostAttachments(view, network)) {
      stopIfCancelled(signal);
      if (await reattach(tools, attachment, { ...progress, signal })) {
        repairs.push({ object: "link", description: `link add ${attachment.facts.hostIfName} type veth` });
      }
    }
    if (progress.failures.length > 0) throw progress.failures[0];
    return repairs;
  } finally {
    progress.watch.end();
  }
}

type NodeAttachment = NodeNetwork["attachments"][number];

/** Without any link. */
function lostAttachments({ links }: NodeView, { attachments }: NodeNetwork): readonly NodeAttachment[] {
  const hostEnd = hostEndsAmong(links);
  return attachments.filter(({ spec }) => hostEnd(spec.key) === undefined);
}

/** Whether it was brought back: not when its namespace is gone, then DEL is on its way. */
async function reattach(
  { attach }: NodeTools,
  { spec }: NodeAttachment,
  { signal, ...progress }: Progress & { readonly signal: CancelSignal },
): Promise<boolean> {
  return attempt(progress, async () => {
    try {
      return (await progress.watch.unlessBusy(spec.key, () => attach(spec, signal))) !== undefined;
    } catch (error) {
      if (isPodwireError(error, "INVALID_NETNS")) return false;
      throw error;
    }
  });
}

interface Progress {
  readonly watch: ActivityWatch;
  readonly failures: unknown[];
}

async function carryOut(tools: NodeTools, planned: readonly NodeChange[], progress: Progress): Promise<Repair[]> {
  const changes = planned.filter((one) => !isBusy(one, progress));
  const settings: NodeChange[] = [];
  for (const one of changes) if (await attempt(progress, () => applySetting(tools.sysctl, one))) settings.push(one);
  const requested = changes.flatMap((one) =>
    one.act.kind === "request" ? [{ ...one, request: one.act.request }] : [],
  );
  const answers = await tools.netlink.send(requested.map(({ request }) => request));
  const done = requested.filter((one, i) => {
    const answer = answers[i];
    if (answer === undefined || !isRefused(one.request, answer)) return true;
    // Its link went away meanwhile: a DEL was quicker.
    if (!isBusy(one, progress)) progress.failures.push(refusal(one.request, answer));
    return false;
  });
  return [...settings, ...done].map(({ repair }) => repair);
}

function isBusy({ attachment }: NodeChange, { watch }: Progress): boolean {
  return attachment !== undefined && watch.busy.has(attachment);
}

function applySetting(sysctl: Sysctl, { act }: NodeChange): boolean {
  if (act.kind !== "setting") return false;
  sysctl.write(act.name, act.value);
  return true;
}

/** A failure is written down, and the rest goes on. */
async function attempt({ failures }: Progress, action: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await action();
  } catch (error) {
    failures.push(error);
    return false;
  }
}

function rulesetOf({ network, interfaces, numbers }: NodeDesire): Ruleset {
  const primary = interfaces.find(({ wanted }) => wanted.role === "primary");
  const address = primary?.wanted.primaryAddresses.find((one) => familyOf(one) === 4);
  return {
    markMask: numbers.markMask,
    vpcCidrs: network.vpcCidrs,
    egress: network.egress,
    interfaces: interfaces.map(({ link, wanted }) => ({
      ifName: link.name,
      role: wanted.role,
      ordinal: wanted.ordinal,
      mark: interfaceMark(numbers, wanted.ordinal),
      blocks: wanted.blocks,
    })),
    ...(primary === undefined || address === undefined ? {} : { primary: { ifName: primary.link.name, address } }),
  };
}

function stopIfCancelled(signal: CancelSignal): void {
  if (signal.aborted)
    throw new PodwireError("CANCELLED", "converging the node was cancelled", { cause: signal.reason });
}
