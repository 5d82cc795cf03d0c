import type { Clock } from "@podwire/core";

/** What every adapter's `createAdapter` takes. */
export interface AdapterOptions {
  /** Name of the cluster: marks what podwire makes in the cloud as its own. */
  readonly cluster: string;
  readonly clock: Clock;
  /** How long one call of the cloud's API may take. */
  readonly callTimeoutMs: number;
}

export interface GceAdapterOptions extends AdapterOptions {
  /** Name of the secondary range of the node's subnetwork that pods get their addresses from. Default `pods`. */
  readonly secondaryRange?: string;
  /** Routes that the network can hold (quota STATIC_ROUTES_PER_NETWORK); no API tells it. Default: not looked at. */
  readonly staticRoutesPerNetwork?: number;
  /**
   * Default: CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE as gcloud reads it (`http://127.0.0.1:8080/compute/v1/`), else
   * Google's own.
   */
  readonly endpoint?: string;
}

export const defaultSecondaryRange = "pods";

/** Between two questions after an operation that goes on. The calls themselves wait at the other end. */
export const pollIntervalMs = 1_000;

/** An operation that takes longer is left to itself; what became of it is told by the next describe. */
export const operationTimeoutMs = 120_000;
