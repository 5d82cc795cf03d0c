import type { AddTiming } from "./burst.ts";
import { describeHolding, type Holding } from "./node.ts";
import { percentile } from "./percentile.ts";
import { renderTable } from "./table.ts";

export interface SummaryFacts {
  readonly adds: readonly AddTiming[];
  readonly held: readonly Holding[];
  readonly heldAtEnd: readonly Holding[];
  /** Calls of EC2 that podwired made, by node and action. */
  readonly ec2Calls: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Packets that the VPC dropped, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

export function renderSummary({ adds, held, heldAtEnd, ec2Calls, drops }: SummaryFacts): string {
  return [
    "ADD in ms, p50 / p99 (client: the whole process; daemon: in podwired, with the wait for an address and the kernel)",
    renderAdds(adds),
    "",
    "Calls of EC2",
    renderCalls(ec2Calls),
    "",
    `Addresses held of EC2 with all pods there: ${(sumOf(held) / adds.length).toFixed(1)} per pod; ${listed(held)}`,
    `                       without pods: ${listed(heldAtEnd)}`,
    `Packets the VPC dropped: ${counted(drops)}`,
  ].join("\n");
}

const measures = {
  client: ({ clientMs }: AddTiming) => clientMs,
  daemon: ({ daemonMs }: AddTiming) => daemonMs,
  kernel: ({ kernelMs }: AddTiming) => kernelMs,
  "wait for an address": ({ waitMs }: AddTiming) => waitMs,
};

function renderAdds(adds: readonly AddTiming[]): string {
  const rows = [...Map.groupBy(adds, ({ node }) => node), ["all", adds] as const];
  return renderTable([
    ["node", "pods", ...Object.keys(measures)],
    ...rows.map(([name, timings]) => [
      name,
      `${timings.length}`,
      ...Object.values(measures).map((measure) => percentilesText(timings.map(measure))),
    ]),
  ]);
}

function percentilesText(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  return [50, 99].map((rank) => percentile(known, rank)?.toFixed(1) ?? "?").join(" / ");
}

function renderCalls(calls: SummaryFacts["ec2Calls"]): string {
  const nodes = Object.keys(calls);
  const actions = [...new Set(nodes.flatMap((node) => Object.keys(calls[node] ?? {})))].sort();
  return renderTable([
    ["action", ...nodes],
    ...actions.map((action) => [action, ...nodes.map((node) => `${calls[node]?.[action] ?? 0}`)]),
  ]);
}

function sumOf(held: readonly Holding[]): number {
  return held.reduce((total, { addresses }) => total + addresses, 0);
}

function listed(held: readonly Holding[]): string {
  return held.map((holding) => `${holding.node} ${describeHolding(holding)}`).join(", ") || "?";
}

function counted(counts: Readonly<Record<string, number>>): string {
  const named = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  return named.map(([name, count]) => `${name} ${count}`).join(", ") || "none";
}
