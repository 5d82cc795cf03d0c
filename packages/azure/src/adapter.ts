import type { CloudProvider, NodeIdentity, RouteBackend } from "@podwire/core";
import { createArmClient } from "./client.ts";
import type { AzureAdapterOptions } from "./config.ts";
import { createMetadataIdentity } from "./metadata.ts";
import { createAzureProvider } from "./provider.ts";
import { createRouteBackend } from "./route-backend.ts";

/** What every adapter's `createAdapter` gives. */
export interface Adapter {
  readonly provider: CloudProvider;
  readonly identity: NodeIdentity;
  /** Only with a route table. */
  readonly routes?: RouteBackend;
  /** Ends idle connections. Calls under way end by their own signals. */
  close(): void;
}

/**
 * Wires the real cloud. Every adapter package exports a function of this name and shape: the daemon imports the package
 * that the configuration names, and calls it. Nothing is sent before the first call of a port.
 */
export function createAdapter({ cluster, clock, callTimeoutMs, ...options }: AzureAdapterOptions): Adapter {
  const { endpoint, routeTableId } = options;
  const api = createArmClient({ callTimeoutMs, ...(endpoint === undefined ? {} : { endpoint }) });
  return {
    provider: createAzureProvider({ api, clock, cluster }),
    identity: createMetadataIdentity({ clock }),
    ...(routeTableId === undefined ? {} : { routes: createRouteBackend({ api, clock, cluster, routeTableId }) }),
    // The SDK keeps idle connections in agents that do not keep a process alive.
    close: () => {},
  };
}
