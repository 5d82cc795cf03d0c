import type { Reachability, ReachOptions } from "@podwire/testkit";
import { renderTable } from "./table.ts";

/** Where a probe stands, and the address it answers on. */
export interface Place {
  readonly name: string;
  readonly address: string;
  reach(options: ReachOptions): Promise<Reachability>;
}

/** What should come of one place trying to reach another. */
export type Expectation = { readonly seenAs: string } | "blocked";

export interface Cell {
  readonly from: Place;
  readonly to: Place;
  readonly expected: Expectation;
}

export interface MatrixResult {
  readonly from: string;
  readonly to: string;
  readonly protocol: "tcp" | "udp";
  readonly expected: Expectation;
  readonly seen: Reachability;
  readonly held: boolean;
}

/** A try that should succeed gets long, so that a busy machine fails none; one that should not need not wait. */
const reachTimeoutMs = 5_000;
const blockTimeoutMs = 1_000;

/** Tries every cell over TCP and UDP, all at once. */
export async function tryMatrix(
  cells: readonly Cell[],
  { port }: { readonly port: number },
): Promise<readonly MatrixResult[]> {
  const tries = cells.flatMap((cell) => (["tcp", "udp"] as const).map((protocol) => ({ ...cell, protocol })));
  return Promise.all(
    tries.map(async ({ from, to, expected, protocol }) => {
      const timeoutMs = expected === "blocked" ? blockTimeoutMs : reachTimeoutMs;
      const seen = await from.reach({ protocol, address: to.address, port, timeoutMs });
      return { from: from.name, to: to.name, protocol, expected, seen, held: holds(expected, seen) };
    }),
  );
}

/** From whom (rows) to whom (columns): the address that was seen, or why not; what was not expected is marked. */
export function renderMatrix(results: readonly MatrixResult[]): string {
  const rows = [...new Set(results.map(({ from }) => from))];
  const columns = [...new Set([...rows, ...results.map(({ to }) => to)])];
  const cell = (from: string, to: string) => {
    const both = results.filter((result) => result.from === from && result.to === to);
    const texts = new Set(both.map(({ seen }) => (seen.reached ? `as ${seen.seenAs}` : "blocked")));
    return ([...texts].join(" / ") || ".") + (both.every(({ held }) => held) ? "" : " (!)");
  };
  return renderTable([
    ["from \\ to", ...columns],
    ...rows.map((from) => [from, ...columns.map((to) => cell(from, to))]),
  ]);
}

/** One line for every try that did not go as expected. */
export function surprises(results: readonly MatrixResult[]): readonly string[] {
  return results
    .filter(({ held }) => !held)
    .map(({ from, to, protocol, expected, seen }) => {
      const wanted = expected === "blocked" ? "blocked" : `reached, seen as ${expected.seenAs}`;
      const got = seen.reached ? `reached, seen as ${seen.seenAs}` : `blocked (${seen.why})`;
      return `${from} -> ${to} over ${protocol}: expected ${wanted}, got ${got}`;
    });
}

function holds(expected: Expectation, seen: Reachability): boolean {
  return expected === "blocked" ? !seen.reached : seen.reached && seen.seenAs === expected.seenAs;
}
