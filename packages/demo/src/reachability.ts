import type { Cell, Expectation, MatrixResult, Place } from "./matrix.ts";
import { renderMatrix, surprises, tryMatrix } from "./matrix.ts";
import type { Pod } from "./pods.ts";
import { type Cast, echoPort, type Places, type Stage } from "./stage.ts";

/**
 * Who reaches whom, and as whom: inside the VPC everybody as himself; the outside sees a pod as its node, and finds no
 * way to a pod; the metadata service is the node's alone.
 */
function expectedCells(pods: readonly Pod[], { node, peer, outside, metadata }: Places): readonly Cell[] {
  const inside = [...pods, node, peer];
  const cell = (from: Place, to: Place, expected: Expectation): Cell => ({ from, to, expected });
  return [
    ...inside.flatMap((from) =>
      inside.filter((to) => to !== from).map((to) => cell(from, to, { seenAs: from.address })),
    ),
    ...pods.map((pod) => cell(pod, outside, { seenAs: node.address })),
    ...[node, peer].map((from) => cell(from, outside, { seenAs: from.address })),
    ...pods.map((pod) => cell(pod, metadata, "blocked")),
    ...[node, peer].map((from) => cell(from, metadata, { seenAs: from.address })),
    ...pods.map((pod) => cell(outside, pod, "blocked")),
    ...[node, peer].map((to) => cell(outside, to, { seenAs: outside.address })),
  ];
}

/** Tries all of them and prints the table. */
export async function showMatrix(stage: Stage, cast: Cast, pods: readonly Pod[]): Promise<readonly MatrixResult[]> {
  await cast.vpc.settled();
  const results = await tryMatrix(expectedCells(pods, cast.places), { port: echoPort });
  stage.journal.note(renderMatrix(results));
  const wrong = surprises(results);
  const seen = wrong.length === 0 ? `${results.length} tries over TCP and UDP` : wrong.join("; ");
  stage.journal.check("everybody reaches whom he should, and as whom he should", wrong.length === 0, seen);
  return results;
}
