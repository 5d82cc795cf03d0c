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

/** A row that could not be had on this machine. */
export interface Unmeasured {
  readonly name: string;
  readonly unmeasured: string;
}

export type Row = Measurement | Unmeasured;

/** Nearest-rank percentiles: values that were measured, none between them. Of nothing there are none. */
export function percentiles(samples: readonly number[]): Percentiles {
  if (samples.length === 0) throw new RangeError("percentiles of no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return { p50: rank(0.5), p99: rank(0.99) };
}

export interface Comparison {
  readonly unit: Measurement["unit"];
  readonly ours: readonly number[];
  /** Of a peer that was measured beside; without it there is no ratio. */
  readonly peer?: readonly number[] | undefined;
  readonly note: string;
}

export function measurementOf(name: string, { unit, ours, peer, note }: Comparison): Measurement {
  const own = percentiles(ours);
  if (peer === undefined) return { name, unit, ours: own, note };
  const other = percentiles(peer);
  return { name, unit, ours: own, peer: other, ratio: own.p50 / other.p50, note };
}

/** The row as one line for people. */
export function describeRow(row: Row): string {
  if ("unmeasured" in row) return `${row.name}: not measured: ${row.unmeasured}`;
  const { name, unit, ours, peer, ratio, note } = row;
  const pair = ({ p50, p99 }: Percentiles): string => `p50 ${p50.toFixed(2)} ${unit}, p99 ${p99.toFixed(2)} ${unit}`;
  const beside = peer === undefined ? "" : `; peer ${pair(peer)}`;
  const compared = ratio === undefined ? "" : `; ratio ${ratio.toFixed(2)}`;
  return `${name}: ${pair(ours)}${beside}${compared}${note === undefined ? "" : ` (${note})`}`;
}
