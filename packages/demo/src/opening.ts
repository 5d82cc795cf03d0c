import { join } from "node:path";
import { type FakeVpcNetwork, metadataAddress, startFakeVpcNetwork } from "@podwire/aws-eni/testing";
import { buildClient } from "@podwire/cni-bin";
import {
  type DemoNode,
  describeHolding,
  holdingOf,
  runDirectoryOf,
  startNode,
  targetOf,
  untilSettled,
} from "./node.ts";
import {
  describeSubnets,
  ec2Address,
  type NodeMachine,
  nodeMachines,
  nodeType,
  outsideAddress,
  outsideHost,
  peer,
  scenarioOf,
} from "./scenario.ts";
import { type Cast, type OtherPlaces, openPlace, type ProbedPlace, type Stage } from "./stage.ts";

/** From nothing to nodes that can take pods. */
export async function open(stage: Stage): Promise<Cast> {
  const { journal } = stage;
  const machines = nodeMachines(stage.options.pods);
  const vpc = await journal.step("A VPC of network namespaces, EC2 and its metadata service", () =>
    raiseVpc(stage, machines),
  );
  const { others, nodePlaces } = await journal.step("Echo servers, to be reached and to reach", () =>
    openPlaces(stage, vpc, machines),
  );
  const pluginPath = await journal.step("The CNI plugin is built", () => buildPlugin(stage));
  const start = (index: 0 | 1) => {
    const machine = machines[index];
    const runDirectory = runDirectoryOf(machine.name);
    return startNode(stage, vpc, {
      ...machine,
      netnsPath: vpc.fabric.netnsPath(machine.name),
      runDirectory,
      plugin: { path: pluginPath, network: "demo", runDirectory },
      place: nodePlaces[index],
    });
  };
  const nodes = await journal.step("podwired starts on both nodes, and warms its pool up", async () => {
    const started: readonly [DemoNode, DemoNode] = await Promise.all([start(0), start(1)]);
    for (const node of started) await warmUp(stage, vpc, node);
    return started;
  });
  return { vpc, nodes, others };
}

async function raiseVpc(
  { journal, cleanUp }: Stage,
  nodes: readonly [NodeMachine, NodeMachine],
): Promise<FakeVpcNetwork> {
  const machines = [...nodes, peer];
  const scenario = scenarioOf(machines);
  const vpc = await startFakeVpcNetwork({ scenario, machines, ec2Address, outside: outsideHost });
  cleanUp.add(vpc.close);
  const { instanceType, interfaces, addressesPerInterface } = nodeType;
  journal.note(`VPC 10.0.0.0/16; metadata at ${metadataAddress}, EC2's API at ${ec2Address}`);
  for (const line of describeSubnets(machines)) journal.note(line);
  journal.note(`${instanceType}: ${interfaces} interfaces, each with ${addressesPerInterface} addresses for pods`);
  journal.note(`outside the VPC: one host, ${outsideAddress}; ${peer.name} is inside, without podwire`);
  return vpc;
}

interface OpenedPlaces {
  readonly others: OtherPlaces;
  readonly nodePlaces: readonly [ProbedPlace, ProbedPlace];
}

async function openPlaces(
  stage: Stage,
  { fabric }: FakeVpcNetwork,
  [first, second]: readonly [NodeMachine, NodeMachine],
): Promise<OpenedPlaces> {
  const openIn = (name: string, address: string) =>
    openPlace(stage, { name, address, netnsPath: fabric.netnsPath(name) });
  const [nodePlace, secondPlace, peerPlace, outside, metadata] = await Promise.all([
    openIn(first.name, first.address),
    openIn(second.name, second.address),
    openIn(peer.name, peer.address),
    openIn(outsideHost.node, outsideAddress),
    openPlace(stage, { name: "metadata", address: metadataAddress }),
  ]);
  return { others: { peer: peerPlace, outside, metadata }, nodePlaces: [nodePlace, secondPlace] };
}

/** @returns its path */
async function buildPlugin({ journal, directory }: Stage): Promise<string> {
  const built = await buildClient({ directory: join(directory, "bin") });
  const what = built.kind === "script" ? "the TypeScript client, run by Node" : `the C client, ${built.kind}`;
  journal.note(`${what}${built.why === "" ? "" : ` (${built.why})`}`);
  return built.path;
}

/** Ready it is as soon as an ADD would be served, be it after a wait; warm when its pool holds its targets. */
async function warmUp({ journal }: Stage, vpc: FakeVpcNetwork, node: DemoNode): Promise<void> {
  journal.note(`${node.name}: process ${node.podwired.pid}; STATUS says ready`);
  const isWarm = await untilSettled(node, 0);
  const { warm, minimum } = node.pool;
  const claim = `its pool holds ${targetOf(node, 0)} addresses (warm ${warm}, minimum ${minimum})`;
  journal.check(claim, isWarm, describeHolding(holdingOf(vpc, node)));
}
