export { type Adapter, createAdapter } from "./adapter.ts";
export type {
  AssignedAddresses,
  Attachment,
  Ec2Action,
  Ec2Api,
  Filter,
  InstanceTypeInfo,
  InterfaceCreation,
  NetworkInterface,
  PrivateIpAddress,
  Subnet,
  Vpc,
} from "./api.ts";
export { createEc2Client, type Ec2Client, type Ec2ClientOptions } from "./client.ts";
export { type AdapterOptions, type AwsAdapterOptions, tagKeys } from "./config.ts";
export { createMetadataIdentity, type MetadataOptions } from "./metadata.ts";
export { type AwsProviderOptions, createAwsProvider } from "./provider.ts";
