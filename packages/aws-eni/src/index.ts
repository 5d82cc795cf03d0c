export { type Adapter, createAdapter } from "./adapter.ts";
export {
  type AssignedAddresses,
  type Attachment,
  type Ec2Action,
  type Ec2Api,
  ec2Actions,
  type Filter,
  type InstanceTypeInfo,
  type InterfaceCreation,
  type Ipv4Count,
  type NetworkInterface,
  type PrivateIpAddress,
  type Subnet,
  type Vpc,
} from "./api.ts";
export { createEc2Client, type Ec2Client, type Ec2ClientOptions } from "./client.ts";
export { type AdapterOptions, type AwsAdapterOptions, tagKeys } from "./config.ts";
export { createMetadataIdentity, type MetadataOptions } from "./metadata.ts";
export { type AwsProviderOptions, createAwsProvider } from "./provider.ts";
