import { join } from "node:path";
import { type FakeVpcNetwork, metadataAddress, startFakeVpcNetwork } from "@podwire/aws-eni/testing";
import { buildClient } from "@podwire/cni-bin";
import { type NodeReport, PodwireError } from "@podwire/core";
import { type PodwiredProcess, startPodwired } from "@podwire/daemon/testing";
import { type CniPlugin, callPlugin, failureText } from "@podwire/testkit";
import { eventually } from "./eventually.ts";
import { ec2Address, machines, node, outsideAddress, outsideHost, peer, scenario } from "./scenario.ts";
import { type Cast, openPlace, type Places, type Stage } from "./stage.ts";

const readyTimeoutMs = 60_000;

/** From nothing to a node that can take pods. */
export async function open(stage: Stage): Promise<Cast> {
  const { journal } = stage;
  const vpc = await journal.step("A VPC of network namespaces, EC2 and its metadata service", () => raiseVpc(stage));
  const places = await journal.step("Echo servers, to be reached and to reach", () => openPlaces(stage, vpc));
  const plugin = await journal.step("The CNI plugin is built", () => buildPlugin(stage));
  const podwired = await journal.step(`podwired starts on ${node.name}`, () => startDaemon(stage, vpc, plugin));
  return { vpc, places, plugin, podwired };
}

async function raiseVpc({ journal, cleanUp }: Stage): Promise<FakeVpcNetwork> {
  const vpc = await startFakeVpcNetwork({ scenario, machines, ec2Address, outside: outsideHost });
  cleanUp.add(vpc.close);
  journal.note(`VPC 10.0.0.0/16, subnet 10.0.0.0/24; metadata at ${metadataAddress}, EC2's API at ${ec2Address}`);
  journal.note(
    `${node.name} (m5.large) ${node.address}, and ${peer.name} ${peer.address} without podwire, have booted`,
  );
  journal.note(`outside the VPC: one host, ${outsideAddress}`);
  return vpc;
}

async function openPlaces(stage: Stage, { fabric }: FakeVpcNetwork): Promise<Places> {
  const [nodePlace, peerPlace, outside, metadata] = await Promise.all([
    openPlace(stage, { ...node, netnsPath: fabric.netnsPath(node.name) }),
    openPlace(stage, { ...peer, netnsPath: fabric.netnsPath(peer.name) }),
    openPlace(stage, { name: "outside", address: outsideAddress, netnsPath: fabric.netnsPath(outsideHost.node) }),
    openPlace(stage, { name: "metadata", address: metadataAddress }),
  ]);
  return { node: nodePlace, peer: peerPlace, outside, metadata };
}

async function buildPlugin({ journal, directory, runDirectory }: Stage): Promise<CniPlugin> {
  const built = await buildClient({ directory: join(directory, "bin") });
  const what = built.kind === "script" ? "the TypeScript client, run by Node" : `the C client, ${built.kind}`;
  journal.note(`${what}${built.why === "" ? "" : ` (${built.why})`}`);
  return { path: built.path, network: "demo", runDirectory };
}

async function startDaemon(stage: Stage, vpc: FakeVpcNetwork, plugin: CniPlugin): Promise<PodwiredProcess> {
  const podwired = startPodwired({
    netnsPath: vpc.fabric.netnsPath(node.name),
    runDirectory: stage.runDirectory,
    config: { directory: stage.directory, values: configOf(stage) },
    environment: {
      AWS_ENDPOINT_URL_EC2: vpc.ec2Url,
      AWS_REGION: vpc.region,
      AWS_ACCESS_KEY_ID: "AKIADEMODEMODEMODEMO",
      AWS_SECRET_ACCESS_KEY: "demo",
    },
  });
  stage.podwired = podwired;
  stage.cleanUp.add(async () => void (await podwired.end("SIGTERM")));
  await untilReady(podwired, plugin);
  // Ready it is as soon as an ADD would be served, be it after a wait. Here the times without a wait are of interest.
  const isFull = ({ pools }: NodeReport) => (pools[0]?.available ?? 0) >= stage.options.pods;
  const { pools } = await eventually(podwired.report, isFull, readyTimeoutMs);
  stage.journal.note(`process ${podwired.pid}; STATUS says ready; ${pools[0]?.available ?? 0} addresses free`);
  return podwired;
}

function configOf({ options }: Stage): object {
  return {
    cloud: "aws",
    cluster: "demo",
    pools: { default: { minimum: options.pods, warm: 2, cooldownMs: 1_000 } },
    // Often, so that nobody waits long for what was changed behind podwire's back to be noticed.
    reconcile: { intervalMs: 1_000 },
  };
}

async function untilReady(podwired: PodwiredProcess, plugin: CniPlugin): Promise<void> {
  const ask = () => callPlugin(plugin, "STATUS");
  const last = await eventually(ask, ({ exitCode }) => exitCode === 0 || !podwired.running(), readyTimeoutMs);
  if (last.exitCode === 0) return;
  const reason = podwired.running() ? `STATUS says ${failureText(last)}` : "it ended";
  throw new PodwireError("DAEMON_UNREACHABLE", `podwired is not ready: ${reason}`);
}
