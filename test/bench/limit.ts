import type { Row } from "./measurement.ts";

/** What `--check` demands of a row; what is absent is not judged. */
export interface Limit {
  readonly maxRatio?: number;
  readonly maxP50?: number;
  /** Of a count, where every single round has to keep to it. */
  readonly maxP99?: number;
}

/** What became of one limit of one row. Open: it could not be measured here, which neither keeps nor breaks it. */
export interface Verdict {
  readonly outcome: "kept" | "broken" | "open";
  readonly text: string;
}

/** Every limit of a row gets a verdict: none is passed over in silence. */
export function judge(row: Row, limit: Limit): readonly Verdict[] {
  const { maxRatio, maxP50, maxP99 } = limit;
  const measured = "unmeasured" in row ? undefined : row;
  const reason = "unmeasured" in row ? row.unmeasured : "no peer was measured";
  const demands = [
    { what: "ratio", max: maxRatio, found: measured?.ratio, unit: "" },
    { what: "p50", max: maxP50, found: measured?.ours.p50, unit: ` ${measured?.unit}` },
    { what: "p99", max: maxP99, found: measured?.ours.p99, unit: ` ${measured?.unit}` },
  ];
  return demands.flatMap(({ what, max, found, unit }): Verdict[] => {
    if (max === undefined) return [];
    if (found === undefined) return [{ outcome: "open", text: `${row.name}: ${what} not judged: ${reason}` }];
    const text = `${row.name}: ${what} ${found.toFixed(2)}${unit} is ${found > max ? "above" : "within"} ${max}`;
    return [{ outcome: found > max ? "broken" : "kept", text }];
  });
}

/** What to print of them, the last line a tally. */
export function describeVerdicts(verdicts: readonly Verdict[]): readonly string[] {
  const count = (outcome: Verdict["outcome"]) => verdicts.filter((each) => each.outcome === outcome).length;
  const unkept = verdicts.filter(({ outcome }) => outcome !== "kept").map(({ text }) => text);
  return [...unkept, `limits: ${count("kept")} kept, ${count("broken")} broken, ${count("open")} not judged`];
}
