import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { describeMeasurement, findExcess, type Limit, type Measurement } from "./measurement.ts";

interface Bench {
  readonly name: string;
  readonly limit: Limit;
  readonly run: () => Promise<Measurement>;
}

/** Every bench, in the order they run. */
const benches: readonly Bench[] = [];

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: "string" }, check: { type: "boolean", default: false }, only: { type: "string" } },
  });
  if (benches.length === 0) console.log("there is no bench yet");
  const measurements: Measurement[] = [];
  const excess: string[] = [];
  for (const bench of benches.filter(({ name }) => values.only === undefined || name === values.only)) {
    const measurement = await bench.run();
    console.log(describeMeasurement(measurement));
    measurements.push(measurement);
    excess.push(...findExcess(measurement, bench.limit));
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(measurements, null, 2)}\n`);
  if (!values.check) return 0;
  for (const line of excess) console.error(line);
  return excess.length === 0 ? 0 : 1;
}

process.exitCode = await main();
