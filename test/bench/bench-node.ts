import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startFakeVpcNetwork } from "@podwire/aws-eni/testing";
import { buildClient } from "@podwire/cni-bin";
import { PodwireError, parseAddress, parseCidr, parseMac } from "@podwire/core";
import { type PodwiredProcess, startPodwired } from "@podwire/daemon/testing";
import { type Plugin, timePlugin } from "./plugin.ts";

/** A node in a pretend VPC, with a real podwired and our plugin. */
export interface BenchNode {
  readonly plugin: Plugin;
  /** Which client was built. */
  readonly clientKind: string;
  close(): Promise<void>;
}

const readyTimeoutMs = 60_000;

/** An instance whose one interface takes 29 addresses beside its own. */
const instance = { name: "bench-node", instanceId: "i-bench", address: parseAddress("10.0.0.10") };

const vpcNetwork = {
  scenario: {
    region: "eu-central-1",
    vpcs: [{ vpcId: "vpc-bench", cidrBlocks: ["10.0.0.0/16"] }],
    subnets: [
      { subnetId: "subnet-bench", vpcId: "vpc-bench", availabilityZone: "eu-central-1a", cidrBlock: "10.0.0.0/24" },
    ],
    instances: [
      {
        instanceId: instance.instanceId,
        instanceType: "m5.4xlarge",
        subnetId: "subnet-bench",
        networkInterfaces: [{ privateIpAddress: instance.address }],
      },
    ],
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
};

/** @param directory for configuration, state and the plugin; the caller removes it after `close` */
export async function startBenchNode(directory: string): Promise<BenchNode> {
  const network = await startFakeVpcNetwork(vpcNetwork);
  const runDirectory = join(directory, "run");
  const client = await buildClient({ directory: join(directory, "bin") });
  const values = {
    cloud: "aws",
    // No cool-down: 29 addresses serve any number of rounds.
    pools: { default: { minimum: 16, warm: 8, cooldownMs: 0 } },
    // Nobody reads the log while a plugin is timed, and a full pipe would stop the daemon.
    log: { level: "error" },
  };
  const podwired = startPodwired({
    runDirectory,
    netnsPath: network.fabric.netnsPath(instance.name),
    config: { values, directory },
    environment: {
      AWS_ENDPOINT_URL_EC2: network.ec2Url,
      AWS_REGION: network.region,
      AWS_ACCESS_KEY_ID: "AKIABENCHBENCHBENCHB",
      AWS_SECRET_ACCESS_KEY: "bench",
    },
  });
  const plugin: Plugin = {
    path: client.path,
    config: { cniVersion: "1.1.0", name: "bench", type: "podwire" },
    environment: { PODWIRE_RUN_DIR: runDirectory },
  };
  const close = async (): Promise<void> => {
    await podwired.end("SIGTERM");
    await network.close();
  };
  try {
    await untilReady(plugin, podwired);
  } catch (error) {
    await close();
    throw error;
  }
  return { plugin, clientKind: client.kind, close };
}

/** @throws DAEMON_UNREACHABLE with the end of podwired's log */
async function untilReady(plugin: Plugin, podwired: PodwiredProcess): Promise<void> {
  const deadlineMs = performance.now() + readyTimeoutMs;
  for (;;) {
    try {
      timePlugin(plugin, "STATUS");
      return;
    } catch (cause) {
      if (!podwired.running() || performance.now() > deadlineMs) {
        const details = podwired.lines.slice(-5).join("\n");
        throw new PodwireError("DAEMON_UNREACHABLE", "podwired of the bench is not ready", { cause, details });
      }
      await pause(100);
    }
  }
}
