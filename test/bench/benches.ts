import { measureConcurrent } from "./concurrent.ts";
import type { Limit } from "./limit.ts";
import type { Row } from "./measurement.ts";
import { measureSequential } from "./sequential.ts";
import type { Stage } from "./stage.ts";

/** Rows that are measured together, and what `--check` demands of each. */
export interface Bench {
  readonly limits: Readonly<Record<string, Limit>>;
  readonly run: (stage: Stage) => Promise<readonly Row[]>;
}

/** Every bench, in the order they run. */
export const benches: readonly Bench[] = [
  {
    limits: { "add-sequential": { maxRatio: 0.5 }, "del-sequential": { maxRatio: 1 } },
    run: measureSequential,
  },
  { limits: { "add-concurrent-10": { maxRatio: 0.5 } }, run: measureConcurrent },
];
