/** One row of the bench's report. `ratio` is ours to the peer's, by the median. */
export interface Measurement {
  readonly name: string;
  readonly unit: "ms" | "MiB" | "percent" | "calls";
  readonly ours: Percentiles;
  readonly peer?: Percentiles;
  readonly ratio?: number;
  readonly note?: string;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** What `--check` demands of a measurement; what is absent is not judged. */
export interface Limit {
  readonly maxRatio?: number;
  readonly maxP50?: number;
}

/** Nearest-rank percentiles: values that were measured, none between them. Of nothing there are none. */
export function percentiles(samples: readonly number[]): Percentiles {
  if (samples.length === 0) throw new RangeError("percentiles of no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return { p50: rank(0.5), p99: rank(0.99) };
}

/**
 * Why a measurement breaks its limit. A ratio that is demanded and could not be measured breaks nothing: see its
 * note.
 */
export function findExcess(measurement: Measurement, limit: Limit): readonly string[] {
  const { name, ours, ratio, unit } = measurement;
  const found: string[] = [];
  if (limit.maxRatio !== undefined && ratio !== undefined && ratio > limit.maxRatio) {
    found.push(`${name}: ratio ${ratio.toFixed(2)} is above ${limit.maxRatio}`);
  }
  if (limit.maxP50 !== undefined && ours.p50 > limit.maxP50) {
    found.push(`${name}: p50 ${ours.p50.toFixed(2)} ${unit} is above ${limit.maxP50}`);
  }
  return found;
}

/** The measurement as one line for people. */
export function describeMeasurement({ name, unit, ours, peer, ratio, note }: Measurement): string {
  const pair = ({ p50, p99 }: Percentiles): string => `p50 ${p50.toFixed(2)} ${unit}, p99 ${p99.toFixed(2)} ${unit}`;
  const beside = peer === undefined ? "" : `; peer ${pair(peer)}`;
  const compared = ratio === undefined ? "" : `; ratio ${ratio.toFixed(2)}`;
  return `${name}: ${pair(ours)}${beside}${compared}${note === undefined ? "" : ` (${note})`}`;
}
