export { type Adapter, createAdapter } from "./adapter.ts";
export {
  type AliasIpRange,
  type AliasUpdate,
  type ComputeAction,
  type ComputeApi,
  type ComputeInterface,
  computeActions,
  type Instance,
  type Network,
  type Operation,
  type Route,
  type RouteResource,
  type Subnetwork,
} from "./api.ts";
export { type ComputeClient, type ComputeClientOptions, createComputeClient } from "./client.ts";
export type { AdapterOptions, GceAdapterOptions } from "./config.ts";
export { createMetadataIdentity, type MetadataOptions } from "./metadata.ts";
export { createGceProvider, type GceProviderOptions } from "./provider.ts";
export { createGceRoutes, type GceRoutesOptions } from "./routes.ts";
