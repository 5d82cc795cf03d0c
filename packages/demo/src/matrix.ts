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

/** A place in words. */
type Party = Pick<Place, "name" | "address">;

export interface MatrixResult {
  readonly from: Party;
  readonly to: Party;
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
      return { from: partyOf(from), to: partyOf(to), protocol, expected, seen, held: holds(expected, seen) };
    }),
  );
}

/**
 * From whom (rows) to whom (columns): `own` where the other side sees the row's own address, else which one, or that it
 * is blocked; what was not expected is marked.
 */
export function renderMatrix(results: readonly MatrixResult[]): string {
  const rows = [...new Map(results.map(({ from }) => [from.name, from])).values()];
  const columns = [...new Set([...rows, ...results.map(({ to }) => to)].map(({ name }) => name))];
  const cell = (from: Party, to: string) => {
    const both = results.filter((result) => result.from.name === from.name && result.to.name === to);
    const texts = new Set(both.map((result) => cellText(result)));
    return ([...texts].join(" / ") || ".") + (both.every(({ held }) => held) ? "" : " (!)");
  };
  return renderTable([
    ["from \\ to", "address", ...columns],
    ...rows.map((from) => [from.name, from.address, ...columns.map((to) => cell(from, to))]),
  ]);
}

function cellText({ from, seen }: MatrixResult): string {
  if (!seen.reached) return "blocked";
  return seen.seenAs === from.address ? "own" : `as ${seen.seenAs}`;
}

/** One line for every try that did not go as expected. */
export function surprises(results: readonly MatrixResult[]): readonly string[] {
  return results
    .filter(({ held }) => !held)
    .map(({ from, to, protocol, expected, seen }) => {
      const wanted = expected === "blocked" ? "blocked" : `reached, seen as ${expected.seenAs}`;
      const got = seen.reached ? `reached, seen as ${seen.seenAs}` : `blocked (${seen.why})`;
      return `${from.name} -> ${to.name} over ${protocol}: expected ${wanted}, got ${got}`;
    });
}

function holds(expected: Expectation, seen: Reachability): boolean {
  return expected === "blocked" ? !seen.reached : seen.reached && seen.seenAs === expected.seenAs;
}

function partyOf({ name, address }: Place): Party {
  return { name, address };
}
