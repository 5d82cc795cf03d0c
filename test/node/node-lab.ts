import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FakeVpcNetwork, type ScenarioInput, startFakeVpcNetwork } from "@podwire/aws-eni/testing";
import { buildClient } from "@podwire/cni-bin";
import { type Family, type NodeReport, parseAddress, parseCidr, parseMac } from "@podwire/core";
import { type PodwiredOptions, type PodwiredProcess, startPodwired } from "@podwire/daemon/testing";
import { createNetns, deleteNetns } from "@podwire/linux";
import { type CniContainer, type CniPlugin, callPlugin } from "@podwire/testkit";
import { expect, vi } from "vitest";
import { kernelText } from "../netns/kernel-text.ts";

const machine = { name: "lab-node", instanceId: "i-lab" };
const outsideName = "lab-outside";
const outsideAddress = "198.51.100.10";
const outsideAddress6 = "2001:db8:ff::10";
const readyTimeoutMs = 30_000;

const scenario: ScenarioInput = {
  region: "eu-central-1",
  vpcs: [{ vpcId: "vpc-lab", cidrBlocks: ["10.0.0.0/16"], ipv6CidrBlocks: ["2001:db8:0:100::/56"] }],
  subnets: [
    {
      subnetId: "subnet-lab",
      vpcId: "vpc-lab",
      availabilityZone: "eu-central-1a",
      cidrBlock: "10.0.0.0/24",
      ipv6CidrBlock: "2001:db8:0:101::/64",
    },
    {
      subnetId: "subnet-fast",
      vpcId: "vpc-lab",
      availabilityZone: "eu-central-1a",
      cidrBlock: "10.0.7.0/24",
      tags: { role: "fast" },
    },
  ],
  instances: [
    {
      instanceId: machine.instanceId,
      instanceType: "m5.large",
      subnetId: "subnet-lab",
      networkInterfaces: [{ privateIpAddress: "10.0.0.10", ipv6AddressCount: 1 }],
    },
  ],
};

/** A booted node with podwired on it, driven by the plugin as a runtime would. All of it real but the cloud. */
export interface NodeLab {
  readonly vpc: FakeVpcNetwork;
  /** The client in C where a compiler is there, and the one in TypeScript. */
  readonly plugins: Readonly<Record<"c" | "typescript", CniPlugin>>;
  readonly podwired: PodwiredProcess;
  /** Another podwired in place of one that has ended; resolves when it serves its socket. */
  start(changed?: LabDaemon): Promise<PodwiredProcess>;
  readonly nodeNetnsPath: string;
  /** A host outside the VPC, which sees the node's address. */
  readonly outside: { readonly address: string; readonly address6: string; readonly netnsPath: string };
  /** A new pod namespace and a container in it; they go with the lab. */
  container(name: string): CniContainer;
  /** Everything that must not change by a request that is refused: podwired's state, the node's kernel, EC2. */
  picture(container?: CniContainer): Promise<string>;
  close(): Promise<void>;
}

/** All the addresses the instance has room for from the start, and no cool-down: nothing moves by itself. */
const stillPool = { warm: 0, minimum: 9, cooldownMs: 0 };

/** @param daemon how podwired is started, where it matters */
export async function openNodeLab(daemon: LabDaemon = {}): Promise<NodeLab> {
  const directory = mkdtempSync(join(tmpdir(), "podwire-lab-"));
  const undo: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const close = async () => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    return { ...(await open(directory, undo, daemon)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type PoolValues = Readonly<Record<string, number | boolean>>;

export interface LabDaemon extends Pick<PodwiredOptions, "through"> {
  readonly pool?: PoolValues;
  /** More of the configuration: pools beside the default one, networks. */
  readonly more?: { readonly pools?: object; readonly networks?: object };
  /** Default: IPv4. */
  readonly families?: readonly Family[];
  /** Makes the place for socket and state; returns what ends it. */
  readonly prepareRun?: (runDirectory: string) => () => void;
}

async function open(directory: string, undo: (() => unknown)[], daemon: LabDaemon): Promise<Omit<NodeLab, "close">> {
  const runDirectory = join(directory, "run");
  const vpc = await startVpc();
  undo.push(vpc.close);
  const nodeNetnsPath = vpc.fabric.netnsPath(machine.name);
  const plugins = { c: await plugin("c"), typescript: await plugin("typescript") };
  const { prepareRun = () => () => {} } = daemon;
  undo.push(prepareRun(runDirectory));
  const start = async ({ through, pool = stillPool, families = [4], more = {} }: LabDaemon = daemon) => {
    const values = {
      cloud: "aws",
      families,
      reconcile: { intervalMs: 60_000 },
      ...more,
      pools: { default: pool, ...more.pools },
    };
    const started = startPodwired({
      ...(through === undefined ? {} : { through }),
      runDirectory,
      netnsPath: nodeNetnsPath,
      config: { directory, values },
      environment: { AWS_ENDPOINT_URL_EC2: vpc.ec2Url },
    });
    undo.push(() => started.end("SIGTERM"));
    await started.line('"podwired runs"');
    return started;
  };
  const podwired = await start();
  await vi.waitFor(() => expectFull(podwired, daemon.pool ?? stillPool), { timeout: readyTimeoutMs });
  return {
    vpc,
    plugins,
    podwired,
    start,
    nodeNetnsPath,
    outside: { address: outsideAddress, address6: outsideAddress6, netnsPath: vpc.fabric.netnsPath(outsideName) },
    container(podName) {
      const netnsPath = `/run/netns/lab-${podName}`;
      createNetns(netnsPath);
      undo.push(() => deleteNetns(netnsPath));
      return { podName, containerId: `lab-${podName}`, netnsPath };
    },
    picture: (container) => picture({ podwired, vpc, nodeNetnsPath }, container),
  };

  async function plugin(kind: "c" | "typescript"): Promise<CniPlugin> {
    mkdirSync(join(directory, kind));
    const built = await buildClient({
      directory: join(directory, kind),
      ...(kind === "c" ? {} : { compiler: undefined }),
    });
    return { path: built.path, network: "podnet", runDirectory };
  }
}

async function expectFull(podwired: PodwiredProcess, pool: PoolValues): Promise<void> {
  const { ready, pools } = await podwired.report();
  expect(ready).toBe(true);
  for (const { available } of pools.filter(({ name }) => name === "default"))
    expect(available).toBeGreaterThanOrEqual(Number(pool["minimum"] ?? 0));
}

function startVpc(): Promise<FakeVpcNetwork> {
  return startFakeVpcNetwork({
    scenario,
    machines: [machine],
    ec2Address: parseAddress("10.0.255.10"),
    outside: {
      mac: parseMac("02:00:5e:00:53:01"),
      node: outsideName,
      ifName: "eth0",
      gateways: { 4: parseAddress("198.51.100.1"), 6: parseAddress("fe80::1") },
      subnetCidrs: [parseCidr("198.51.100.0/24"), parseCidr("2001:db8:ff::/64")],
      primaryAddresses: [parseAddress(outsideAddress), parseAddress(outsideAddress6)],
    },
  });
}

async function picture(
  { podwired, vpc, nodeNetnsPath }: Pick<NodeLab, "podwired" | "vpc" | "nodeNetnsPath">,
  container: CniContainer | undefined,
): Promise<string> {
  const { describedMs: _time, ...report }: NodeReport = await podwired.report();
  return [
    JSON.stringify(report, undefined, 1),
    await kernelText(nodeNetnsPath),
    ...(container === undefined ? [] : [await kernelText(container.netnsPath)]),
    JSON.stringify(vpc.aws.model.state().interfaces),
  ].join("\n");
}

/** Adds the container and gives the result; fails the test where ADD fails. */
export async function added(plugin: CniPlugin, container: CniContainer) {
  const outcome = await callPlugin(plugin, "ADD", { container });
  expect(outcome).toMatchObject({ exitCode: 0 });
  return outcome.answer;
}
