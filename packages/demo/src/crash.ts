import { errorFrom, type NodeReport } from "@podwire/core";
import { callPlugin, failureText, type StreamResult } from "@podwire/testkit";
import { podPrefix } from "./burst.ts";
import { deletePod } from "./ending.ts";
import { eventually } from "./eventually.ts";
import { formatMs } from "./journal.ts";
import { type DemoNode, restartNode } from "./node.ts";
import { addPod, makeSandbox, type Pod } from "./pods.ts";
import { type Cast, echoPort, type Stage } from "./stage.ts";

export interface StreamFinding extends StreamResult {
  readonly from: string;
  readonly to: string;
}

export interface CrashFindings {
  /** From the kill until STATUS says ready again. */
  readonly withoutPodwiredMs: number | undefined;
  readonly streams: readonly StreamFinding[];
}

const packetIntervalMs = 20;
const recoveryTimeoutMs = 20_000;

/** `kill -9` of the first node's podwired while its pods talk with those of the other: they must not notice. */
export async function crash(stage: Stage, cast: Cast, pods: readonly Pod[]): Promise<CrashFindings> {
  const { journal } = stage;
  const [node] = cast.nodes;
  const absence = await node.podwired.report().then(
    () => undefined,
    (error) => errorFrom(error).message,
  );
  journal.check(`podwired of ${node.name} is there to be killed`, absence === undefined, absence ?? "");
  if (absence !== undefined) return { withoutPodwiredMs: undefined, streams: [] };
  const guest = await addGuest(stage, node, "guest");
  const streams = await startStreams(pods, node);
  const withoutPodwiredMs = await killAndRestart(stage, cast, guest);
  await checkMemory(stage, node, pods);
  await serveAgain(stage, node);
  const findings = await Promise.all(streams.map(({ end }) => end()));
  judgeStreams(stage, findings);
  return { withoutPodwiredMs, streams: findings };
}

async function addGuest(stage: Stage, node: DemoNode, name: string): Promise<Pod> {
  const { pod } = await addPod(node, await makeSandbox(stage, `${podPrefix(node)}-${name}`));
  return pod;
}

/** From each pod of the node to one of the other. */
async function startStreams(pods: readonly Pod[], node: DemoNode) {
  const [own, others] = [pods.filter((pod) => pod.node === node), pods.filter((pod) => pod.node !== node)];
  return Promise.all(
    own.map(async (from, index) => {
      const to = others[index] ?? from;
      const stream = await from.probe.stream({ address: to.address, port: echoPort, intervalMs: packetIntervalMs });
      const end = async (): Promise<StreamFinding> => ({ from: from.name, to: to.name, ...(await stream.end()) });
      return { end };
    }),
  );
}

/** The guest's DEL comes while there is no podwired. @returns how long there was none that was ready */
async function killAndRestart(stage: Stage, { vpc, nodes: [node] }: Cast, guest: Pod): Promise<number> {
  const { journal } = stage;
  const killedMs = performance.now();
  const code = await node.podwired.end("SIGKILL");
  journal.note(`kill -9 of process ${node.podwired.pid}${code === null ? "" : `, which ended with ${code}`}`);
  const outcome = await callPlugin(node.plugin, "DEL", { container: guest });
  const seen = failureText(outcome) ?? "the client wrote it down";
  journal.check(`DEL of ${guest.name} succeeds without podwired`, outcome.exitCode === 0, seen);
  await restartNode(stage, vpc, node);
  const ms = performance.now() - killedMs;
  journal.note(`started again as process ${node.podwired.pid}; STATUS says ready ${formatMs(ms)} after the kill`);
  return ms;
}

/** Its pods with their addresses, and not the guest. */
async function checkMemory({ journal }: Stage, node: DemoNode, pods: readonly Pod[]): Promise<void> {
  const own = pods.filter((pod) => pod.node === node);
  const expected = listed(own.map(({ containerId, address }) => `${containerId} ${address}`));
  const known = ({ attachments }: NodeReport) =>
    listed(attachments.map(({ containerId, addresses }) => `${containerId} ${addresses.join()}`));
  const report = await eventually(node.podwired.report, (each) => known(each) === expected, recoveryTimeoutMs);
  const seen = `it knows ${report.attachments.length}, and ${own.length} are there`;
  journal.check(
    "it knows its pods and their addresses, and has carried that DEL out",
    known(report) === expected,
    seen,
  );
}

async function serveAgain(stage: Stage, node: DemoNode): Promise<void> {
  const pod = await addGuest(stage, node, "another");
  const problem = await deletePod(pod);
  stage.journal.check(`it serves: ADD and DEL of ${pod.name}`, problem === undefined, problem ?? pod.address);
}

function judgeStreams({ journal }: Stage, streams: readonly StreamFinding[]): void {
  const sent = streams.reduce((sum, stream) => sum + stream.sent, 0);
  const losses = streams.flatMap(({ from, to, lost }) =>
    lost.length === 0 ? [] : [`${from} -> ${to} lost ${lost.length}, the first is number ${lost[0]}`],
  );
  const pairs = streams.length === 1 ? "1 pair of pods" : `${streams.length} pairs of pods`;
  const seen = losses.length === 0 ? `${sent} there and back between ${pairs}` : losses.join("; ");
  journal.check("no packet was lost all the while", losses.length === 0, seen);
}

function listed(lines: readonly string[]): string {
  return [...lines].sort().join("\n");
}
