import { errorFrom } from "../errors/podwire-error.ts";
import type { Clock } from "./clock.ts";
import type { MetricLabels, MetricName, Metrics } from "./metrics.ts";

export interface Measuring {
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Runs `work` and observes how long it took, with its outcome: `ok` or the code of its error. */
export async function measure<T>(
  { clock, metrics }: Measuring,
  series: { readonly name: MetricName; readonly labels: MetricLabels },
  work: () => Promise<T>,
): Promise<T> {
  const elapsedMs = clock.startStopwatch();
  const observe = (outcome: string) => metrics.observe(series.name, { ...series.labels, outcome }, elapsedMs() / 1000);
  try {
    const answer = await work();
    observe("ok");
    return answer;
  } catch (thrown) {
    observe(errorFrom(thrown).code);
    throw thrown;
  }
}
