import { join } from "node:path";
import { buildClient } from "@podwire/cni-bin";
import { PodwireError } from "@podwire/core";
import { type CniPlugin, callPlugin, failureText } from "./cni-plugin.ts";
import { eventually } from "./eventually.ts";
import { type Podwired, startPodwired } from "./podwired.ts";
import { ec2Address, machines, metadataAddress, node, outsideAddress, outsideHost, peer } from "./scenario.ts";
import { type Cast, openPlace, type Places, type Stage } from "./stage.ts";
import { startVpc, type Vpc } from "./vpc.ts";

const readyTimeoutMs = 60_000;

/** From nothing to a node that can take pods. */
export async function open(stage: Stage): Promise<Cast> {
  const { journal } = stage;
  const vpc = await journal.step("A VPC of network namespaces, EC2 and its metadata service", () => raiseVpc(stage));
  const places = await journal.step(`${node.name} (m5.large) and a peer without podwire boot`, () => boot(stage, vpc));
  const plugin = await journal.step("The CNI plugin is built", () => buildPlugin(stage));
  const podwired = await journal.step(`podwired starts on ${node.name}`, () => startDaemon(stage, vpc, plugin));
  return { vpc, places, plugin, podwired };
}

async function raiseVpc({ journal, cleanUp }: Stage): Promise<Vpc> {
  const vpc = await startVpc(cleanUp);
  journal.note(`VPC 10.0.0.0/16, subnet 10.0.0.0/24; metadata at ${metadataAddress}, EC2's API at ${ec2Address}`);
  journal.note(`outside the VPC: one host, ${outsideAddress}`);
  return vpc;
}

async function boot(stage: Stage, { aws, fabric }: Vpc): Promise<Places> {
  for (const { instanceId } of machines) {
    const primary = aws.model.state().interfaces.find((own) => own.instanceId === instanceId && own.deviceIndex === 0);
    await fabric.boot(primary?.networkInterfaceId ?? "");
  }
  const [nodePlace, peerPlace, outside, metadata] = await Promise.all([
    openPlace(stage, { ...node, netnsPath: fabric.netnsPath(node.name) }),
    openPlace(stage, { ...peer, netnsPath: fabric.netnsPath(peer.name) }),
    openPlace(stage, { name: "outside", address: outsideAddress, netnsPath: fabric.netnsPath(outsideHost.node) }),
    openPlace(stage, { name: "metadata", address: metadataAddress }),
  ]);
  stage.journal.note(`${node.name} ${node.address}, ${peer.name} ${peer.address}`);
  return { node: nodePlace, peer: peerPlace, outside, metadata };
}

async function buildPlugin({ journal, directory, runDirectory }: Stage): Promise<CniPlugin> {
  const built = await buildClient({ directory: join(directory, "bin") });
  const what = built.kind === "script" ? "the TypeScript client, run by Node" : `the C client, ${built.kind}`;
  journal.note(`${what}${built.why === "" ? "" : ` (${built.why})`}`);
  return { path: built.path, network: "demo", runDirectory };
}

async function startDaemon(stage: Stage, vpc: Vpc, plugin: CniPlugin): Promise<Podwired> {
  const podwired = startPodwired({
    netnsPath: vpc.fabric.netnsPath(node.name),
    runDirectory: stage.runDirectory,
    directory: stage.directory,
    ec2Url: vpc.ec2Url,
    region: vpc.aws.model.state().region,
    pool: { minimum: stage.options.pods, warm: 2 },
  });
  stage.cleanUp.add(async () => void (await podwired.stop()));
  await untilReady(podwired, plugin);
  const { pools } = await podwired.report();
  stage.journal.note(`process ${podwired.pid}; STATUS says ready; ${pools[0]?.available ?? 0} addresses free`);
  return podwired;
}

async function untilReady(podwired: Podwired, plugin: CniPlugin): Promise<void> {
  const ask = () => callPlugin(plugin, "STATUS");
  const last = await eventually(ask, ({ exitCode }) => exitCode === 0 || !podwired.running(), readyTimeoutMs);
  if (last.exitCode === 0) return;
  const reason = podwired.running() ? `STATUS says ${failureText(last)}` : "it ended";
  throw new PodwireError("DAEMON_UNREACHABLE", `podwired is not ready: ${reason}`);
}
