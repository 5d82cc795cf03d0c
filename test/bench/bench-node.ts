import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type FakeVpcNetwork, startFakeVpcNetwork } from "@podwire/aws-eni/testing";
import { type NodeReport, PodwireError, parseAddress, parseCidr, parseMac } from "@podwire/core";
import { type PodwiredProcess, startPodwired } from "@podwire/daemon/testing";
import type { Plugin } from "./plugin.ts";
import type { Stage } from "./stage.ts";

/** A node in a pretend VPC, with podwired as it is shipped and our plugin. */
export interface BenchNode {
  readonly network: FakeVpcNetwork;
  readonly netnsPath: string;
  readonly plugin: Plugin;
  readonly podwired: () => PodwiredProcess;
  /** Starts podwired again, on the state of the one that has ended. */
  restart(): void;
  /** Resolves once podwired's report is so. @throws DAEMON_UNREACHABLE with the end of podwired's log */
  until(isSo: (report: NodeReport) => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface BenchNodeOptions {
  readonly instanceType: string;
  /** The default pool; without cool-down, so that few addresses serve any number of rounds. */
  readonly pool: { readonly minimum: number; readonly warm: number; readonly prefixes?: boolean };
  readonly reconcile?: object;
}

const readyTimeoutMs = 60_000;
const pollMs = 50;
const instance = { name: "bench-node", instanceId: "i-bench", address: parseAddress("10.0.0.10") };

/** Resolves when podwired has compared its state with the cloud and the pool holds the minimum. */
async function startBenchNode(stage: Stage, options: BenchNodeOptions): Promise<BenchNode> {
  const directory = stage.directory();
  const runDirectory = stage.directory();
  const network = await startNetwork(options.instanceType);
  const netnsPath = network.fabric.netnsPath(instance.name);
  const start = () =>
    startPodwired({
      program: stage.daemon,
      runDirectory,
      netnsPath,
      config: { directory, values: configOf(options) },
      environment: { AWS_ENDPOINT_URL_EC2: network.ec2Url, PATH: pathWithNode(), ...credentials },
    });
  let podwired = start();
  const node: BenchNode = {
    network,
    netnsPath,
    plugin: {
      path: stage.client.path,
      config: { cniVersion: "1.1.0", name: "bench", type: "podwire" },
      environment: { PODWIRE_RUN_DIR: runDirectory },
    },
    podwired: () => podwired,
    restart() {
      podwired = start();
    },
    until: (isSo) => until(podwired, isSo),
    async close() {
      await podwired.end("SIGTERM");
      await network.close();
    },
  };
  await node.until(isFull(options.pool)).catch((error) => node.close().then(() => Promise.reject(error)));
  return node;
}

/** Runs `work` on a node that ends with it. */
export async function withBenchNode<T>(
  stage: Stage,
  options: BenchNodeOptions,
  work: (node: BenchNode) => Promise<T>,
): Promise<T> {
  const node = await startBenchNode(stage, options);
  try {
    return await work(node);
  } finally {
    await node.close();
  }
}

function isFull({ minimum }: BenchNodeOptions["pool"]) {
  return ({ describedMs, operations, pools }: NodeReport): boolean =>
    describedMs !== undefined && operations.length === 0 && pools.every(({ available }) => available >= minimum);
}

/** Nobody reads the log while a plugin is timed, and a full pipe would stop the daemon. */
function configOf({ pool, reconcile = {} }: BenchNodeOptions): object {
  return { cloud: "aws", pools: { default: { cooldownMs: 0, ...pool } }, reconcile, log: { level: "error" } };
}

/** The bundle runs the Node that PATH finds first: this one. */
function pathWithNode(): string {
  return `${dirname(process.execPath)}:${process.env["PATH"]}`;
}

const credentials = {
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "AKIABENCHBENCHBENCHB",
  AWS_SECRET_ACCESS_KEY: "bench",
};

function startNetwork(instanceType: string): Promise<FakeVpcNetwork> {
  const networkInterfaces = [{ privateIpAddress: instance.address }];
  const subnetId = "subnet-bench";
  return startFakeVpcNetwork({
    scenario: {
      region: credentials.AWS_REGION,
      vpcs: [{ vpcId: "vpc-bench", cidrBlocks: ["10.0.0.0/16"] }],
      subnets: [{ subnetId, vpcId: "vpc-bench", availabilityZone: "eu-central-1a", cidrBlock: "10.0.0.0/20" }],
      instances: [{ instanceId: instance.instanceId, instanceType, subnetId, networkInterfaces }],
    },
    machines: [instance],
    ec2Address: parseAddress("10.0.255.10"),
    outside: {
      mac: parseMac("02:00:5e:00:53:01"),
      node: "outside",
      ifName: "eth0",
      gateways: { 4: parseAddress("198.51.100.1") },
      subnetCidrs: [parseCidr("198.51.100.0/24")],
      primaryAddresses: [parseAddress("198.51.100.10")],
    },
  });
}

async function until(podwired: PodwiredProcess, isSo: (report: NodeReport) => boolean): Promise<void> {
  const deadlineMs = performance.now() + readyTimeoutMs;
  for (;;) {
    const report = await podwired.report().catch(() => undefined);
    if (report !== undefined && isSo(report)) return;
    if (!podwired.running() || performance.now() > deadlineMs) {
      const details = [JSON.stringify(report?.problems), ...podwired.lines.slice(-5)].join("\n");
      throw new PodwireError("DAEMON_UNREACHABLE", "podwired of the bench does not get ready", { details });
    }
    await pause(pollMs);
  }
}
