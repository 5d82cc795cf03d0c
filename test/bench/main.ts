import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { requireSandbox } from "@podwire/testkit";
import { type Bench, benches } from "./benches.ts";
import { describeVerdicts, judge, type Verdict } from "./limit.ts";
import { describeRow, type Row } from "./measurement.ts";
import { openStage, type Stage } from "./stage.ts";

const { values: options } = parseArgs({
  options: { json: { type: "string" }, check: { type: "boolean" }, only: { type: "string" } },
});

async function main(): Promise<number> {
  const { only } = options;
  const chosen = benches.filter(({ limits }) => only === undefined || only in limits);
  if (chosen.length === 0) {
    const names = benches.flatMap(({ limits }) => Object.keys(limits));
    console.error(`there is no row ${JSON.stringify(only)}, only ${names.join(", ")}`);
    return 2;
  }
  const stage = await openStage();
  try {
    return await runBenches(chosen, stage);
  } finally {
    stage.close();
  }
}

async function runBenches(chosen: readonly Bench[], stage: Stage): Promise<number> {
  const { only, json, check } = options;
  const rows: Row[] = [];
  const verdicts: Verdict[] = [];
  for (const { run, limits } of chosen) {
    for (const row of await run(stage, only)) {
      if (only !== undefined && row.name !== only) continue;
      console.log(describeRow(row));
      rows.push(row);
      verdicts.push(...judge(row, limits[row.name] ?? {}));
    }
  }
  const measured = rows.filter((row) => !("unmeasured" in row));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(measured, undefined, 2)}\n`);
  if (check !== true) return 0;
  for (const line of describeVerdicts(verdicts)) console.error(line);
  return verdicts.some(({ outcome }) => outcome === "broken") ? 1 : 0;
}

await requireSandbox(main);
