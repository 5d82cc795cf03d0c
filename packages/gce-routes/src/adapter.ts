import type { CloudProvider, NodeIdentity, RouteBackend } from "@podwire/core";
import { createComputeClient } from "./client.ts";
import type { GceAdapterOptions } from "./config.ts";
import { createMetadataIdentity } from "./metadata.ts";
import { createGceProvider } from "./provider.ts";
import { createGceRoutes } from "./routes.ts";

/** What every adapter's `createAdapter` gives. */
export interface Adapter {
  readonly provider: CloudProvider;
  /** For nodes whose pods have addresses of a node CIDR. */
  readonly routes: RouteBackend;
  readonly identity: NodeIdentity;
  /** Ends idle connections. Calls under way end by their own signals. */
  close(): void;
}

/**
 * Wires the real cloud. Every adapter package exports a function of this name and shape: the daemon imports the package
 * that the configuration names, and calls it. Nothing is sent before the first call of a port.
 */
export function createAdapter(options: GceAdapterOptions): Adapter {
  const { clock, callTimeoutMs, endpoint, secondaryRange, staticRoutesPerNetwork } = options;
  const api = createComputeClient({ callTimeoutMs, ...(endpoint === undefined ? {} : { endpoint }) });
  return {
    provider: createGceProvider({ api, clock, ...(secondaryRange === undefined ? {} : { secondaryRange }) }),
    routes: createGceRoutes({
      api,
      clock,
      ...(staticRoutesPerNetwork === undefined ? {} : { staticRoutesPerNetwork }),
    }),
    identity: createMetadataIdentity({ clock }),
    close: () => api.close(),
  };
}
