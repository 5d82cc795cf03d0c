import { measureEmptyBurst, measureEmptyPrefixBurst, measureWarmBurst } from "./burst.ts";
import { measureConcurrent } from "./concurrent.ts";
import { measureFullNode } from "./full-node.ts";
import type { Limit } from "./limit.ts";
import type { Row } from "./measurement.ts";
import { measureSequential } from "./sequential.ts";
import type { Stage } from "./stage.ts";

/** Rows that are measured together, and what `--check` demands of each. */
export interface Bench {
  readonly limits: Readonly<Record<string, Limit>>;
  /** @param only the one row that is wanted; others may be left out */
  readonly run: (stage: Stage, only?: string) => Promise<readonly Row[]>;
}

/** Every bench, in the order they run. */
export const benches: readonly Bench[] = [
  {
    limits: { "add-sequential": { maxRatio: 0.5 }, "del-sequential": { maxRatio: 1 } },
    run: measureSequential,
  },
  { limits: { "add-concurrent-10": { maxRatio: 0.5 } }, run: measureConcurrent },
  { limits: { "burst-110-warm": {}, "burst-110-warm-calls": { maxP99: 0 } }, run: measureWarmBurst },
  { limits: { "burst-110-empty": {}, "burst-110-empty-calls": { maxP99: 10 } }, run: measureEmptyBurst },
  {
    limits: { "burst-110-empty-prefixes": {}, "burst-110-empty-prefixes-calls": { maxP99: 1 } },
    run: measureEmptyPrefixBurst,
  },
  {
    limits: {
      "daemon-rss-mib": { maxP50: 128 },
      "daemon-idle-cpu-percent": { maxP50: 1 },
      "drift-repair-ms": {},
      "recovery-ms": {},
    },
    run: measureFullNode,
  },
];
