export { type Adapter, createAdapter } from "./adapter.ts";
export {
  type Acceptance,
  type ArmAction,
  type ArmApi,
  type ArmResource,
  armActions,
  type IpConfiguration,
  type NetworkInterface,
  type OperationRef,
  type OperationState,
  type Route,
  type RouteTable,
  type Subnet,
  type SubResource,
  type VirtualMachine,
  type VirtualNetwork,
} from "./api.ts";
export { type ArmClientOptions, createArmClient } from "./client.ts";
export { type AdapterOptions, type AzureAdapterOptions, tagKeys } from "./config.ts";
export { createMetadataIdentity, type MetadataOptions } from "./metadata.ts";
export { type AzureProviderOptions, createAzureProvider } from "./provider.ts";
export { type AzureRouteOptions, createRouteBackend } from "./route-backend.ts";
