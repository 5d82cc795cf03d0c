import { createHash } from "node:crypto";
import { type AttachmentReport, type CniResult, PodwireError } from "@podwire/core";
import { createNetns, deleteNetns } from "@podwire/linux";
import { type CniContainer, callPlugin, failureText } from "@podwire/testkit";
import { formatMs } from "./journal.ts";
import type { Place } from "./matrix.ts";
import { type Cast, openPlace, type Stage } from "./stage.ts";

export interface Pod extends CniContainer, Place {}

/** Where the time of one ADD went. Client: the process, start to end; daemon and kernel: as podwired measured. */
export interface AddTiming {
  readonly pod: string;
  readonly clientMs: number;
  readonly daemonMs: number | undefined;
  readonly kernelMs: number | undefined;
}

export interface AddedPods {
  readonly pods: readonly Pod[];
  readonly adds: readonly AddTiming[];
  /** Addresses the node holds of EC2, in use or ready. */
  readonly addressesHeld: number;
}

/** One pod after the other. @throws IO_FAILURE an ADD failed */
export async function addPods(stage: Stage, cast: Cast, count: number): Promise<AddedPods> {
  const added: { readonly pod: Pod; readonly clientMs: number }[] = [];
  for (let number = 1; number <= count; number++) added.push(await addPod(stage, cast, number));
  const { attachments, blocks } = await cast.podwired.report();
  return { pods: added.map(({ pod }) => pod), adds: addTimings(added, attachments), addressesHeld: blocks.length };
}

/** Makes a namespace, as a runtime does for a pod, and adds it to the network through the plugin. */
async function addPod(stage: Stage, cast: Cast, number: number): Promise<{ pod: Pod; clientMs: number }> {
  const container = containerOf(number);
  createNetns(container.netnsPath);
  stage.cleanUp.add(() => deleteNetns(container.netnsPath));
  const outcome = await callPlugin(cast.plugin, "ADD", { container });
  const failure = failureText(outcome);
  if (failure !== undefined) throw new PodwireError("IO_FAILURE", `ADD of ${container.podName} failed: ${failure}`);
  const address = (outcome.answer as CniResult).ips?.[0]?.address.split("/", 1).join() ?? "";
  const place = await openPlace(stage, { name: container.podName, address, netnsPath: container.netnsPath });
  stage.journal.note(`${container.podName} ${address} after ${formatMs(outcome.ms)}`);
  return { pod: { ...container, ...place }, clientMs: outcome.ms };
}

/** The time in the client beside what podwired reports of the same ADDs. */
function addTimings(
  added: readonly { readonly pod: Pod; readonly clientMs: number }[],
  attachments: readonly AttachmentReport[],
): readonly AddTiming[] {
  return added.map(({ pod, clientMs }) => {
    const timing = attachments.find(({ containerId }) => containerId === pod.containerId)?.addTiming;
    return { pod: pod.name, clientMs, daemonMs: timing?.totalMs, kernelMs: timing?.hostMs };
  });
}

/** Container ids look like those of containerd: 64 hexadecimal digits. */
function containerOf(number: number): CniContainer {
  const podName = `pod-${number}`;
  const containerId = createHash("sha256").update(podName).digest("hex");
  return { podName, containerId, netnsPath: `/run/netns/${podName}` };
}
