import type { AddTiming } from "./pods.ts";
import { renderTable } from "./table.ts";

export interface SummaryFacts {
  readonly adds: readonly AddTiming[];
  /** Calls of EC2 that podwired made, by action. */
  readonly ec2Calls: Readonly<Record<string, number>>;
  readonly addressesHeld: number;
  /** Packets that the VPC dropped, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

export function renderSummary({ adds, ec2Calls, addressesHeld, drops }: SummaryFacts): string {
  return [
    "Time of each ADD in ms (the client's is the whole process, the daemon's includes the kernel's)",
    renderTable([
      ["pod", "client", "daemon", "kernel"],
      ...adds.map(({ pod, clientMs, daemonMs, kernelMs }) => [pod, ...[clientMs, daemonMs, kernelMs].map(inMs)]),
    ]),
    "",
    `Calls of EC2: ${counted(ec2Calls)}`,
    `Packets the VPC dropped: ${counted(drops)}`,
    `Addresses held of EC2: ${addressesHeld}, ${(addressesHeld / adds.length).toFixed(1)} per pod`,
  ].join("\n");
}

function inMs(value: number | undefined): string {
  return value === undefined ? "?" : value.toFixed(1);
}

function counted(counts: Readonly<Record<string, number>>): string {
  const named = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  return named.map(([name, count]) => `${name} ${count}`).join(", ") || "none";
}
