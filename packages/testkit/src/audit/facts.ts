import type { Address, Cidr, FoundAttachment, HostInterface, MacAddress, NodeReport } from "@podwire/core";

/** What the cloud says of one node, in no cloud's words. */
export interface CloudFacts {
  readonly interfaces: readonly AuditedInterface[];
}

export interface AuditedInterface {
  readonly id: string;
  readonly mac: MacAddress;
  readonly blocks: readonly Cidr[];
}

/** What the node's kernel holds. */
export interface KernelFacts {
  readonly interfaces: readonly HostInterface[];
  readonly attachments: readonly FoundAttachment[];
  /** Host routes and permanent neighbours that podwire marks as its own, by the address they are for. */
  readonly podRoutes: readonly Address[];
  readonly podNeighbours: readonly Address[];
  /** Blocks whose free addresses the kernel calls unreachable by a route of podwire's. */
  readonly blockRoutes: readonly Cidr[];
}

/** The three views of one node, taken while no verb and no call to the cloud is under way. */
export interface NodeFacts {
  readonly report: NodeReport;
  readonly cloud: CloudFacts;
  readonly kernel: KernelFacts;
}
