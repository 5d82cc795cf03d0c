import { type Clock, parseAddress } from "@podwire/core";

/** What every adapter's `createAdapter` takes. */
export interface AdapterOptions {
  /** Name of the cluster: marks what podwire makes in the cloud as its own. */
  readonly cluster: string;
  readonly clock: Clock;
  /** How long one call of the cloud's API may take. */
  readonly callTimeoutMs: number;
}

export interface AwsAdapterOptions extends AdapterOptions {
  /** Default: the one the instance is in. */
  readonly region?: string;
}

/** Tags by which interfaces are told apart. */
export const tagKeys = {
  /** On interfaces podwire made; the value is the cluster's name. */
  cluster: "podwire/cluster",
  /** Beside it; the value is the id of the instance the interface was made for. */
  instance: "podwire/instance",
  /** Beside them; the value is the name of the pool the interface was made for. */
  pool: "podwire/pool",
  /** Somebody asks that no CNI plugin touch the interface; the key is the one Amazon's plugin obeys. */
  noManage: "node.k8s.amazonaws.com/no_manage",
} as const;

/** What a VPC carries inside. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html */
export const vpcMtuBytes = 9001;

/** Where the router of every VPC can be reached, beside an address that it makes of its MAC. */
export const ipv6Router = parseAddress("fe80:ec2::1");

export const connectTimeoutMs = 5_000;
