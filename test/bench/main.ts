import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { requireSandbox } from "@podwire/testkit";
import { describeMeasurement, findExcess, type Limit, type Measurement } from "./measurement.ts";
import { measureSequential } from "./sequential.ts";

/** What is measured together, and what `--check` demands of each measurement. */
interface Bench {
  readonly limits: Readonly<Record<string, Limit>>;
  readonly run: () => Promise<readonly Measurement[]>;
}

/** Every bench, in the order they run. */
const benches: readonly Bench[] = [
  {
    limits: { "add-sequential": { maxRatio: 0.5 }, "del-sequential": { maxRatio: 1 } },
    run: measureSequential,
  },
];

const { values: options } = parseArgs({ options: { json: { type: "string" }, check: { type: "boolean" } } });

async function main(): Promise<number> {
  const measurements: Measurement[] = [];
  const excess: string[] = [];
  for (const bench of benches) {
    for (const measurement of await bench.run()) {
      console.log(describeMeasurement(measurement));
      measurements.push(measurement);
      excess.push(...findExcess(measurement, bench.limits[measurement.name] ?? {}));
    }
  }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(measurements, null, 2)}\n`);
  if (options.check !== true) return 0;
  for (const line of excess) console.error(line);
  return excess.length === 0 ? 0 : 1;
}

await requireSandbox(main);
