import type { AddTiming } from "./pods.ts";
import { renderTable } from "./table.ts";

export interface SummaryFacts {
  readonly adds: readonly AddTiming[];
  /** Calls of EC2 that podwired made, by action. */
  readonly ec2Calls: Readonly<Record<string, number>>;
  readonly addressesHeld: number;
}

export function renderSummary({ adds, ec2Calls, addressesHeld }: SummaryFacts): string {
  const calls = Object.entries(ec2Calls).sort(([a], [b]) => a.localeCompare(b));
  const perPod =
    adds.length === 0 ? "" : ` for ${adds.length} pods: ${(addressesHeld / adds.length).toFixed(1)} per pod`;
  return [
    "Time of each ADD in ms (the client's is the whole process, the daemon's includes the kernel's)",
    renderTable([
      ["pod", "client", "daemon", "kernel"],
      ...adds.map(({ pod, clientMs, daemonMs, kernelMs }) => [pod, ...[clientMs, daemonMs, kernelMs].map(inMs)]),
    ]),
    "",
    `Calls of EC2: ${calls.map(([action, count]) => `${action} ${count}`).join(", ")}`,
    `Addresses held${perPod || `: ${addressesHeld}`}`,
  ].join("\n");
}

function inMs(value: number | undefined): string {
  return value === undefined ? "?" : value.toFixed(1);
}
