import type { Cell, Expectation, MatrixResult, Place } from "./matrix.ts";
import { renderMatrix, surprises, tryMatrix } from "./matrix.ts";
import type { Pod } from "./pods.ts";
import { type Cast, echoPort, type Stage } from "./stage.ts";

/**
 * Who reaches whom, and as whom: inside the VPC everybody as himself; the outside sees a pod as its node, and finds no
 * way to a pod; the metadata service is for machines alone.
 */
function expectedCells(pods: readonly Pod[], { nodes, others: { peer, outside, metadata } }: Cast): readonly Cell[] {
  const machines = [...nodes.map(({ place }) => place), peer];
  return [
    ...amongEachOther([...pods, ...machines]),
    ...pods.map((pod) => cell(pod, outside, { seenAs: pod.node.address })),
    ...machines.map((from) => cell(from, outside, { seenAs: from.address })),
    ...pods.map((pod) => cell(pod, metadata, "blocked")),
    ...machines.map((from) => cell(from, metadata, { seenAs: from.address })),
    ...pods.map((pod) => cell(outside, pod, "blocked")),
    ...machines.map((to) => cell(outside, to, { seenAs: outside.address })),
  ];
}

/** Tries all of them and prints the table. */
export async function showMatrix(stage: Stage, cast: Cast, pods: readonly Pod[]): Promise<readonly MatrixResult[]> {
  await cast.vpc.settled();
  const results = await tryMatrix(expectedCells(pods, cast), { port: echoPort });
  stage.journal.note(renderMatrix(results));
  judge(stage, "everybody reaches whom he should, and as whom he should", results);
  return results;
}

/** What podwire has to do with, tried again: pods with each other, and with the outside. */
export async function tryPods(
  stage: Stage,
  { others: { outside } }: Cast,
  pods: readonly Pod[],
): Promise<readonly MatrixResult[]> {
  const outwards = pods.map((pod) => cell(pod, outside, { seenAs: pod.node.address }));
  const results = await tryMatrix([...amongEachOther(pods), ...outwards], { port: echoPort });
  judge(stage, "all pods reach each other, and the outside as their node", results);
  return results;
}

export function judge({ journal }: Stage, claim: string, results: readonly MatrixResult[]): void {
  const wrong = surprises(results);
  const shown = [
    ...wrong.slice(0, shownSurprises),
    ...(wrong.length > shownSurprises ? [`${wrong.length} in all`] : []),
  ];
  const seen = wrong.length === 0 ? `${results.length} tries over TCP and UDP` : shown.join("; ");
  journal.check(claim, wrong.length === 0, seen);
}

/** More say no more. The JSON has them all. */
const shownSurprises = 20;

function amongEachOther(places: readonly Place[]): readonly Cell[] {
  return places.flatMap((from) =>
    places.filter((to) => to !== from).map((to) => cell(from, to, { seenAs: from.address })),
  );
}

function cell(from: Place, to: Place, expected: Expectation): Cell {
  return { from, to, expected };
}
