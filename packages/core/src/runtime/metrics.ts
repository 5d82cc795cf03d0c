interface MetricFacts {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in the unit of the name. */
  readonly buckets?: readonly number[];
}

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** Every series podwire exports. Names and units follow the Prometheus conventions (base units, `_total`). */
export const metrics = {
  podwire_cni_request_seconds: {
    type: "histogram",
    help: "Time from request to answer in the daemon, by verb and outcome (ok or the error code)",
    labels: ["verb", "outcome"],
    buckets: secondsBuckets,
  },
  podwire_pool_wait_seconds: {
    type: "histogram",
    help: "Time an ADD waited for an address; 0 when the pool had one",
    labels: ["pool"],
    buckets: secondsBuckets,
  },
  podwire_host_operation_seconds: {
    type: "histogram",
    help: "Time of one operation on the kernel",
    labels: ["operation", "outcome"],
    buckets: secondsBuckets,
  },
  podwire_cloud_call_seconds: {
    type: "histogram",
    help: "Time of one call of the cloud's API, by action and outcome (ok or the error code)",
    labels: ["action", "outcome"],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  podwire_pool_addresses: {
    type: "gauge",
    help: "Addresses of the pool by state; incoming ones are counted in assigning",
    labels: ["pool", "family", "state"],
  },
  podwire_pool_target_addresses: {
    type: "gauge",
    help: "Configured targets of the pool",
    labels: ["pool", "family", "target"],
  },
  podwire_pool_waiters: { type: "gauge", help: "ADDs that wait for an address", labels: ["pool"] },
  podwire_lost_blocks: { type: "gauge", help: "Blocks with live pods that the cloud took away", labels: [] },
  podwire_attachments: { type: "gauge", help: "Attachments by state", labels: ["state"] },
  podwire_repairs_total: {
    type: "counter",
    help: "Kernel objects of ours that were found missing or changed and put back",
    labels: ["object"],
  },
  podwire_orphans_total: {
    type: "counter",
    help: "Interfaces that nodes left behind, by outcome of their deletion (deleted or the error code)",
    labels: ["outcome"],
  },
  podwire_spool_entries_total: {
    type: "counter",
    help: "DELs spooled while no daemon answered, by what became of them",
    labels: ["outcome"],
  },
} as const satisfies Record<string, MetricFacts>;

export type MetricName = keyof typeof metrics;
export type MetricLabels = Readonly<Record<string, string>>;

/** Where numbers go. Never throws; labels are those of the table. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: MetricName, labels: MetricLabels, by?: number): void;
  /** Sets a gauge. */
  set(name: MetricName, labels: MetricLabels, value: number): void;
  /** Adds an observation to a histogram, in the unit of its name. */
  observe(name: MetricName, labels: MetricLabels, value: number): void;
}

export const silentMetrics: Metrics = { count: () => {}, set: () => {}, observe: () => {} };
