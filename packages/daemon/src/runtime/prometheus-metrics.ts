import { type MetricLabels, type MetricName, type Metrics, metrics } from "@podwire/core";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

export interface PrometheusMetrics extends Metrics {
  /** Everything, in Prometheus' text format. */
  expose(): Promise<string>;
  readonly contentType: string;
}

/** A registry of its own with every series of core's table. */
export function createPrometheusMetrics(): PrometheusMetrics {
  const registry = new Registry();
  const series = new Map(metricNames().map((name) => [name, createSeries(name, registry)]));
  const record = (name: MetricName, labels: MetricLabels, value: number) => {
    try {
      series.get(name)?.(labels, value);
    } catch {
      // A label that is not in the table: numbers never stop the work that they count.
    }
  };
  return {
    count: (name, labels, by = 1) => record(name, labels, by),
    set: record,
    observe: record,
    expose: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

type Series = (labels: MetricLabels, value: number) => void;

function metricNames(): MetricName[] {
  return Object.keys(metrics) as MetricName[];
}

function createSeries(name: MetricName, registry: Registry): Series {
  const facts = metrics[name];
  const options = { name, help: facts.help, labelNames: [...facts.labels], registers: [registry] };
  switch (facts.type) {
    case "counter": {
      const counter = new Counter(options);
      return (labels, value) => counter.inc(labels, value);
    }
    case "gauge": {
      const gauge = new Gauge(options);
      return (labels, value) => gauge.set(labels, value);
    }
    case "histogram": {
      const histogram = new Histogram({ ...options, buckets: [...facts.buckets] });
      return (labels, value) => histogram.observe(labels, value);
    }
  }
}
