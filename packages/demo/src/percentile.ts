/** The smallest of the values that `rank` of a hundred do not exceed; undefined of none. */
export function percentile(values: readonly number[], rank: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil((rank / 100) * sorted.length), 1) - 1];
}
