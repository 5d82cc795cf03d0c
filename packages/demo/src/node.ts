import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FakeVpcNetwork } from "@podwire/aws-eni/testing";
import { type NodeReport, PodwireError } from "@podwire/core";
import { type PodwiredProcess, startPodwired } from "@podwire/daemon/testing";
import { type CniPlugin, callPlugin, failureText } from "@podwire/testkit";
import { eventually } from "./eventually.ts";
import { type NodeMachine, nodeType, podSubnetTags } from "./scenario.ts";
import type { ProbedPlace, Stage } from "./stage.ts";

const readyTimeoutMs = 60_000;

/** An instance with podwire on it. */
export interface DemoNode extends NodeMachine {
  readonly netnsPath: string;
  readonly runDirectory: string;
  /** The plugin, talking to this node's podwired. */
  readonly plugin: CniPlugin;
  readonly place: ProbedPlace;
  /** Another one once it was started again. */
  podwired: PodwiredProcess;
}

/** Where podwired of a node has its socket and its state. */
export function runDirectoryOf(name: string): string {
  return `/run/podwire-${name}`;
}

/** Starts podwired and waits until STATUS says that it is ready. @throws DAEMON_UNREACHABLE */
export async function startNode(
  stage: Stage,
  vpc: FakeVpcNetwork,
  node: Omit<DemoNode, "podwired">,
): Promise<DemoNode> {
  const started: DemoNode = { ...node, podwired: startDaemon(stage, vpc, node) };
  stage.nodes.push(started);
  await untilReady(started);
  return started;
}

/** As systemd does: the same command, the same configuration. @throws DAEMON_UNREACHABLE */
export async function restartNode(stage: Stage, vpc: FakeVpcNetwork, node: DemoNode): Promise<void> {
  node.podwired = startDaemon(stage, vpc, node);
  await untilReady(node);
}

/** What a node holds of EC2, as EC2 sees it. */
export interface Holding {
  readonly node: string;
  readonly addresses: number;
  readonly interfaces: number;
  /** Interfaces beside the primary one that hold no address for pods. */
  readonly idleInterfaces: number;
  /** Subnets of the interfaces beside the primary one. */
  readonly furtherSubnets: readonly string[];
}

export function holdingOf({ aws }: FakeVpcNetwork, { name, instanceId }: NodeMachine): Holding {
  const held = aws.model.state().interfaces.filter(({ attachment }) => attachment?.instanceId === instanceId);
  const further = held.filter(({ attachment }) => attachment?.deviceIndex !== 0);
  return {
    node: name,
    addresses: held.reduce((sum, { secondaryAddresses }) => sum + secondaryAddresses.length, 0),
    interfaces: held.length,
    idleInterfaces: further.filter(({ secondaryAddresses }) => secondaryAddresses.length === 0).length,
    furtherSubnets: [...new Set(further.map(({ subnetId }) => subnetId))],
  };
}

export function describeHolding({ addresses, interfaces }: Holding): string {
  const words = [addresses === 1 ? "address" : "addresses", interfaces === 1 ? "interface" : "interfaces"];
  return `${addresses} ${words[0]} on ${interfaces} ${words[1]}`;
}

/** Addresses the node is to hold with so many pods. */
export function targetOf({ pool }: NodeMachine, pods: number): number {
  const capacity = nodeType.interfaces * nodeType.addressesPerInterface;
  return Math.min(Math.max(pool.minimum, pods + pool.warm), capacity);
}

/** Waits until the node holds what its pool is to hold with so many pods. @returns whether it does */
export async function untilSettled({ podwired, ...node }: DemoNode, pods: number): Promise<boolean> {
  const free = targetOf(node, pods) - pods;
  const isSettled = ({ pools: [pool] }: NodeReport) => pool?.available === free && pool.incoming === 0;
  return isSettled(await eventually(podwired.report, isSettled, readyTimeoutMs));
}

function startDaemon(stage: Stage, vpc: FakeVpcNetwork, node: Omit<DemoNode, "podwired">): PodwiredProcess {
  const directory = join(stage.directory, node.name);
  mkdirSync(directory, { recursive: true });
  const podwired = startPodwired({
    netnsPath: node.netnsPath,
    runDirectory: node.runDirectory,
    config: { directory, values: configOf(node) },
    environment: {
      AWS_ENDPOINT_URL_EC2: vpc.ec2Url,
      AWS_REGION: vpc.region,
      AWS_ACCESS_KEY_ID: "AKIADEMODEMODEMODEMO",
      AWS_SECRET_ACCESS_KEY: "demo",
    },
  });
  stage.cleanUp.add(async () => void (await podwired.end("SIGTERM")));
  return podwired;
}

/** Short times, so that nobody waits long for what takes a minute on a real node. */
function configOf({ pool }: NodeMachine): object {
  return {
    cloud: "aws",
    cluster: "demo",
    pools: { default: { ...pool, subnetTags: podSubnetTags, cooldownMs: 1_000, releaseHoldMs: 2_000 } },
    reconcile: { intervalMs: 1_000 },
  };
}

async function untilReady({ name, podwired, plugin }: DemoNode): Promise<void> {
  const ask = () => callPlugin(plugin, "STATUS");
  const last = await eventually(ask, ({ exitCode }) => exitCode === 0 || !podwired.running(), readyTimeoutMs);
  if (last.exitCode === 0) return;
  const reason = podwired.running() ? `STATUS says ${failureText(last)}` : "it ended";
  throw new PodwireError("DAEMON_UNREACHABLE", `podwired of ${name} is not ready: ${reason}`);
}
