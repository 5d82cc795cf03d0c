import type { Reachability, ReachOptions } from "@podwire/testkit";
import { renderTable } from "./table.ts";

/** Where a probe stands, and the address it answers on. */
export interface Place {
  readonly name: string;
  readonly address: string;
  /** Places of one group are one row and one column of the table. Default: the place is alone. */
  readonly group?: string;
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
type Party = Pick<Place, "name" | "address" | "group">;

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
 * is blocked; what was not expected is marked, with how many tries of how many it was.
 */
export function renderMatrix(results: readonly MatrixResult[]): string {
  const rows = [...Map.groupBy(results, ({ from }) => groupOf(from))];
  const columns = [...new Set([...rows.map(([name]) => name), ...results.map(({ to }) => groupOf(to))])];
  return renderTable([
    ["from \\ to", "address", ...columns],
    ...rows.map(([name, tries]) => [
      name,
      addressText(tries),
      ...columns.map((to) => cellText(tries.filter((result) => groupOf(result.to) === to))),
    ]),
  ]);
}

function groupOf({ name, group = name }: Party): string {
  return group;
}

function addressText(tries: readonly MatrixResult[]): string {
  const addresses = [...new Set(tries.map(({ from }) => from.address))];
  return addresses.length === 1 ? addresses.join() : `${addresses.length} addresses`;
}

function cellText(tries: readonly MatrixResult[]): string {
  const texts = new Set(tries.map(tryText));
  const wrong = tries.filter(({ held }) => !held).length;
  return ([...texts].join(" / ") || ".") + (wrong === 0 ? "" : ` (${wrong} of ${tries.length}!)`);
}

function tryText({ from, seen }: MatrixResult): string {
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

function partyOf({ name, address, group }: Place): Party {
  return { name, address, ...(group === undefined ? {} : { group }) };
}
