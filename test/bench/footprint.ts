import { setTimeout as pause } from "node:timers/promises";
import type { BenchNode } from "./bench-node.ts";
import { type Measurement, measurementOf, percentiles } from "./measurement.ts";
import { cpuSeconds, memoryOf } from "./process-usage.ts";

/** After the last ADD: the daemon has compared, and freed what the ADDs left. */
const settleMs = 5_000;
const idleSeconds = 30;

/** What podwired costs while nothing happens on its node. */
export async function measureFootprint(node: BenchNode): Promise<readonly Measurement[]> {
  const { pid } = node.podwired();
  const peak = memoryOf(pid);
  await pause(settleMs);
  const before = { seconds: cpuSeconds(pid), ms: performance.now() };
  const memory = [];
  for (let second = 0; second < idleSeconds; second++) {
    await pause(1_000);
    memory.push(memoryOf(pid));
  }
  const tookSeconds = (performance.now() - before.ms) / 1000;
  const cpuPercent = (100 * (cpuSeconds(pid) - before.seconds)) / tookSeconds;
  const { attachments } = await node.podwired().report();
  const anonMib = percentiles(memory.map((each) => each.anonMib)).p50.toFixed(1);
  const over = `${attachments.length} attachments, ${idleSeconds} s of idleness`;
  return [
    measurementOf("daemon-rss-mib", {
      unit: "MiB",
      ours: memory.map(({ rssMib }) => rssMib),
      note: `VmRSS; RssAnon ${anonMib}; ${over}; right after the last ADD ${peak.rssMib.toFixed(1)}`,
    }),
    measurementOf("daemon-idle-cpu-percent", {
      unit: "percent",
      ours: [cpuPercent],
      note: `${over} with one comparison with the cloud`,
    }),
  ];
}
