import { lostBlocks } from "../attachment/status.ts";
import type { CloudContext } from "./cloud-context.ts";
import type { NodeReport } from "./node-agent.ts";

/** Writes the report's numbers to the gauges; called when somebody scrapes. */
export function publishMetrics({ metrics, settings, ledger }: CloudContext, report: NodeReport): void {
  for (const pool of report.pools) {
    const labels = { pool: pool.name, family: String(pool.family) };
    for (const [state, count] of Object.entries({ ...pool.addresses, assigning: pool.incoming })) {
      metrics.set("podwire_pool_addresses", { ...labels, state }, count);
    }
    const { warm, minimum, maximum } = settings.targetsOf(pool.name);
    for (const [target, count] of Object.entries({ warm, minimum, maximum })) {
      if (count !== undefined) metrics.set("podwire_pool_target_addresses", { ...labels, target }, count);
    }
    metrics.set("podwire_pool_waiters", { pool: pool.name }, pool.waiters);
  }
  for (const state of ["allocating", "ready", "deleting"] as const) {
    const count = report.attachments.filter((attachment) => attachment.state === state).length;
    metrics.set("podwire_attachments", { state }, count);
  }
  metrics.set("podwire_lost_blocks", {}, lostBlocks(ledger.state).length);
}
