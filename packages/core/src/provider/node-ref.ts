import type { Address } from "../address/address.ts";
import type { MacAddress } from "../address/mac.ts";

/** Which machine of which cloud; everything a provider needs to find it again. */
export interface NodeRef {
  /** `aws`, `gce`, `azure`. */
  readonly cloud: string;
  /** The cloud's id of the instance. */
  readonly id: string;
  /** The cloud's name of the instance type, which limits depend on. */
  readonly instanceType: string;
  readonly region: string;
  readonly zone: string;
  /** The cloud's id of the virtual network (VPC, VNet). */
  readonly networkId: string;
  readonly primaryMac: MacAddress;
  readonly primaryAddress: Address;
}

/** All nodes of one cluster in one virtual network. */
export interface ClusterScope {
  readonly clusterName: string;
  readonly networkId: string;
}
