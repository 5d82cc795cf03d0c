import { setTimeout as pause } from "node:timers/promises";
import type { BenchNode } from "./bench-node.ts";
import { withContainers } from "./containers.ts";
import { type Measurement, measurementOf } from "./measurement.ts";
import type { Stage } from "./stage.ts";

const rounds = 8;
/** Between two tries: the starts of plugins must not slow the daemon's own start down. */
const retryMs = 20;

/**
 * From SIGKILL of the daemon, started again at once, to the end of the first ADD that is served. Until then the plugin
 * is run again and again, as a runtime does, though more eagerly.
 */
export async function measureRecovery({ runner }: Stage, node: BenchNode): Promise<Measurement> {
  const tookMs: number[] = [];
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    await withContainers({ name: `recovery-${round}`, count: 1 }, async (containers) => {
      for (const container of containers) {
        const startedMs = performance.now();
        await node.podwired().end("SIGKILL");
        node.restart();
        while ((await runner.tryAdd(node.plugin, container)) !== 0) {
          refused += 1;
          await pause(retryMs);
        }
        tookMs.push(performance.now() - startedMs);
        await runner.inTurn([{ plugin: node.plugin, command: "DEL", container }]);
      }
    });
  }
  const { attachments } = await node.podwired().report();
  const note = `${rounds} rounds with ${attachments.length} attachments; ${refused} ADDs were refused meanwhile`;
  return measurementOf("recovery-ms", { unit: "ms", ours: tookMs, note });
}
