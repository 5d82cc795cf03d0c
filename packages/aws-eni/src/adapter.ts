import type { CloudProvider, NodeIdentity } from "@podwire/core";
import { neverCancelled } from "@podwire/core";
import { createEc2Client } from "./client.ts";
import type { AwsAdapterOptions } from "./config.ts";
import { createMetadataIdentity } from "./metadata.ts";
import { createAwsProvider } from "./provider.ts";

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
export function createAdapter({ cluster, clock, callTimeoutMs, region }: AwsAdapterOptions): Adapter {
  const identity = createMetadataIdentity({ clock });
  const ownRegion = async () => (await identity.self(neverCancelled)).region;
  const client = createEc2Client({ region: region ?? ownRegion, callTimeoutMs });
  return {
    provider: createAwsProvider({ api: client, clock, cluster }),
    identity,
    close: () => client.close(),
  };
}
