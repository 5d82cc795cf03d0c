import { type Address, parseAddress } from "@podwire/core";
import { type CniOutcome, callPlugin, failureText } from "@podwire/testkit";
import { eventually } from "./eventually.ts";
import { type MatrixResult, tryMatrix } from "./matrix.ts";
import type { Pod } from "./pods.ts";
import { judge } from "./reachability.ts";
import { type Cast, echoPort, type Stage } from "./stage.ts";

const noticeTimeoutMs = 20_000;

/** Somebody takes a live pod's address away in EC2: it stops to work, and podwired says so. */
export async function loseAddress(stage: Stage, cast: Cast, pod: Pod): Promise<readonly MatrixResult[]> {
  const { journal } = stage;
  const { node } = pod;
  const { peer } = cast.others;
  const address = parseAddress(pod.address);
  unassign(cast, address);
  await cast.vpc.settled();
  journal.note(`EC2 no longer has ${address} of ${pod.name}`);
  const results = await tryMatrix(
    [
      { from: pod, to: peer, expected: "blocked" },
      { from: peer, to: pod, expected: "blocked" },
      { from: node.place, to: pod, expected: { seenAs: node.address } },
    ],
    { port: echoPort },
  );
  judge(stage, "the VPC no longer delivers to it or from it, the node still does", results);
  const ask = () => callPlugin(node.plugin, "STATUS");
  const told = (outcome: CniOutcome) => namesIt(address)(outcome) || !node.podwired.running();
  const status = await eventually(ask, told, noticeTimeoutMs);
  journal.check(`STATUS says 51 and names ${address}`, namesIt(address)(status), statusText(status));
  return results;
}

/** Container ids are long, and say nothing here. */
function statusText(status: CniOutcome): string {
  return failureText(status)?.replace(/\b([0-9a-f]{8})[0-9a-f]{56}\b/g, "$1…") ?? "success";
}

function unassign({ vpc }: Cast, address: Address): void {
  const { model } = vpc.aws;
  const owner = model.state().interfaces.find(({ secondaryAddresses }) => secondaryAddresses.includes(address));
  model.unassign(owner?.networkInterfaceId ?? "", [address]);
}

function namesIt(address: Address): (outcome: CniOutcome) => boolean {
  return ({ answer }) =>
    answer !== undefined && "code" in answer && answer.code === 51 && `${answer.details}`.includes(address);
}
