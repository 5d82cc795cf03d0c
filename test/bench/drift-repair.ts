import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { PodwireError } from "@podwire/core";
import { defaultKernelNumbers } from "@podwire/linux";
import type { BenchNode } from "./bench-node.ts";
import { type Measurement, measurementOf, percentiles } from "./measurement.ts";

const rounds = 5;
const deadlineMs = 30_000;
/** Repairs end an audit that may have begun before the damage: the next damage waits for quiet. */
const quietMs = 1_500;
const table = `${defaultKernelNumbers.podTable}`;

interface Damage {
  readonly what: string;
  readonly command: readonly string[];
  /** Prints what the command destroys. */
  readonly look: readonly string[];
}

/** What others do to a node, in their own words. */
const damages: readonly Damage[] = [
  { what: "rules", command: ["ip", "rule", "flush"], look: ["ip", "rule", "show"] },
  { what: "nft", command: ["nft", "flush", "ruleset"], look: ["nft", "-s", "list", "ruleset"] },
  {
    what: "routes",
    command: ["ip", "route", "flush", "table", table],
    look: ["ip", "route", "show", "table", table],
  },
];

/** From the end of the command that does damage until everything it took from podwire is back. */
export async function measureDriftRepair(node: BenchNode): Promise<Measurement> {
  const tookMs = new Map<string, number[]>(damages.map(({ what }) => [what, []]));
  for (let round = 0; round < rounds; round++) {
    for (const damage of damages) tookMs.get(damage.what)?.push(await repairMs(node, damage));
  }
  const medians = [...tookMs].map(([what, ms]) => `${what} ${percentiles(ms).p50.toFixed(0)}`).join(", ");
  const note = `${rounds} rounds each; medians: ${medians}; podwired lets 500 ms of events pass before it looks`;
  return measurementOf("drift-repair-ms", { unit: "ms", ours: [...tookMs.values()].flat(), note });
}

async function repairMs(node: BenchNode, { what, command, look }: Damage): Promise<number> {
  await pause(quietMs);
  const wanted = ours(runIn(node, look));
  runIn(node, command);
  const startedMs = performance.now();
  while (performance.now() - startedMs < deadlineMs) {
    if (isSuperset(ours(runIn(node, look)), wanted)) return performance.now() - startedMs;
    await pause(10);
  }
  throw new PodwireError("IO_FAILURE", `podwired has not put back the ${what} after ${deadlineMs} ms`);
}

function runIn({ netnsPath }: BenchNode, command: readonly string[]): string {
  return execFileSync("nsenter", [`--net=${netnsPath}`, ...command], { encoding: "utf8" });
}

/** The kernel's own rules, which a flush takes too, are not podwire's to bring back. */
function ours(text: string): readonly string[] {
  const foreign = /^(0|32766|32767):/;
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !foreign.test(line));
}

function isSuperset(found: readonly string[], wanted: readonly string[]): boolean {
  const there = new Set(found);
  return wanted.every((line) => there.has(line));
}
