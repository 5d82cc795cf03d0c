import { createHash } from "node:crypto";
import { type CniResult, PodwireError } from "@podwire/core";
import { createNetns, deleteNetns } from "@podwire/linux";
import { type CniContainer, callPlugin, failureText, type Probe } from "@podwire/testkit";
import type { DemoNode } from "./node.ts";
import { listenAt, type ProbedPlace, type Stage } from "./stage.ts";

export interface Pod extends CniContainer, ProbedPlace {
  readonly node: DemoNode;
}

/** A namespace and a process in it, as a runtime makes them before it calls the plugin. */
export interface PodSandbox extends CniContainer {
  readonly probe: Probe;
}

export interface AddedPod {
  readonly pod: Pod;
  /** Time of the ADD in the client: the process, from its start to its end. */
  readonly clientMs: number;
}

export async function makeSandbox(stage: Stage, podName: string): Promise<PodSandbox> {
  const container = containerOf(podName);
  createNetns(container.netnsPath);
  stage.cleanUp.add(() => deleteNetns(container.netnsPath));
  return { ...container, probe: await stage.probes.start(container.netnsPath) };
}

/** ADD through the plugin. @throws IO_FAILURE it failed */
export async function addPod(node: DemoNode, sandbox: PodSandbox): Promise<AddedPod> {
  const outcome = await callPlugin(node.plugin, "ADD", { container: sandbox });
  const failure = failureText(outcome);
  if (failure !== undefined) throw new PodwireError("IO_FAILURE", `ADD of ${sandbox.podName} failed: ${failure}`);
  const address = (outcome.answer as CniResult).ips?.[0]?.address.split("/", 1).join() ?? "";
  const group = `pods of ${node.name}`;
  const place = await listenAt(sandbox.probe, { name: sandbox.podName, address, group });
  return { pod: { ...sandbox, ...place, node }, clientMs: outcome.ms };
}

/** Container ids look like those of containerd: 64 hexadecimal digits. */
function containerOf(podName: string): CniContainer {
  const containerId = createHash("sha256").update(podName).digest("hex");
  return { podName, containerId, netnsPath: `/run/netns/${podName}` };
}
