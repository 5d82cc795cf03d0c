import type { CloudProvider, NodeIdentity } from "@podwire/core";
import { createComputeClient } from "./client.ts";
import type { GceAdapterOptions } from "./config.ts";
import { createMetadataIdentity } from "./metadata.ts";
import { createGceProvider } from "./provider.ts";

/** What every adapter's `createAdapter` gives. */
export interface Adapter {
  readonly provider: CloudProvider;
  readonly identity: NodeIdentity;
  /** Ends idle connections. Calls under way end by their own signals. */
  close(): void;
}

/**
 * Wires the real cloud. Every adapter package exports a function of this name and shape: the daemon imports the package
 * that the configuration names, and calls it. Nothing is sent before the first call of a port.
 */
export function createAdapter(options: GceAdapterOptions): Adapter {
  const { clock, callTimeoutMs, endpoint, secondaryRange } = options;
  const api = createComputeClient({ callTimeoutMs, ...(endpoint === undefined ? {} : { endpoint }) });
  return {
    provider: createGceProvider({ api, clock, ...(secondaryRange === undefined ? {} : { secondaryRange }) }),
    identity: createMetadataIdentity({ clock }),
    close: () => api.close(),
  };
}
