import type { CallOptions } from "@podwire/core";

/** The calls of Compute Engine that podwire makes, in its words, each with the permission it needs. */
export const computeActions = {
  "instances.get": { mutates: false, op: "read instance", permission: "compute.instances.get" },
  "instances.updateNetworkInterface": {
    mutates: true,
    op: "change the alias ranges of",
    permission: "compute.instances.updateNetworkInterface",
  },
  "subnetworks.get": { mutates: false, op: "read subnetwork", permission: "compute.subnetworks.get" },
  "networks.get": { mutates: false, op: "read network", permission: "compute.networks.get" },
  "routes.list": { mutates: false, op: "list the routes of", permission: "compute.routes.list" },
  "routes.insert": { mutates: true, op: "insert route", permission: "compute.routes.create" },
  "routes.delete": { mutates: true, op: "delete route", permission: "compute.routes.delete" },
  "zoneOperations.wait": { mutates: false, op: "wait for operation", permission: "compute.zoneOperations.get" },
  "globalOperations.wait": { mutates: false, op: "wait for operation", permission: "compute.globalOperations.get" },
} as const;

export type ComputeAction = keyof typeof computeActions;

/** A range of a subnetwork that is routed to an interface beside its own address. */
export interface AliasIpRange {
  /** A CIDR, or `/28` in a change: Compute Engine picks one of that size. */
  readonly ipCidrRange: string;
  /** Name of the secondary range it is of; absent = the subnetwork's primary range. */
  readonly subnetworkRangeName?: string;
}

export interface ComputeInterface {
  /** `nic0` is the primary one. */
  readonly name: string;
  readonly network: string;
  readonly subnetwork: string;
  readonly networkIP: string;
  /** Changes with every change of the interface; a change names the one it has seen. */
  readonly fingerprint: string;
  readonly aliasIpRanges: readonly AliasIpRange[];
}

export interface Instance {
  readonly name: string;
  readonly canIpForward: boolean;
  readonly networkInterfaces: readonly ComputeInterface[];
}

export interface SecondaryRange {
  readonly rangeName: string;
  readonly ipCidrRange: string;
}

export interface Subnetwork {
  readonly name: string;
  readonly region: string;
  readonly selfLink: string;
  readonly ipCidrRange: string;
  readonly gatewayAddress: string;
  readonly secondaryIpRanges: readonly SecondaryRange[];
  readonly ipv6CidrRange?: string;
}

export interface Network {
  readonly name: string;
  readonly selfLink: string;
  readonly mtu: number;
  /** URLs of the subnetworks of all regions. */
  readonly subnetworks: readonly string[];
}

/** What a route to an instance is made of. */
export interface RouteResource {
  /** Unique in the project. */
  readonly name: string;
  readonly description: string;
  readonly network: string;
  readonly destRange: string;
  readonly priority: number;
  readonly nextHopInstance: string;
}

export interface Route extends Omit<RouteResource, "nextHopInstance"> {
  readonly nextHopInstance?: string;
  /** The hop of a route that leads to no instance: a gateway, a network, an address, a load balancer. */
  readonly otherHop?: string;
  /** Codes, like `NEXT_HOP_INSTANCE_NOT_FOUND`. */
  readonly warnings: readonly string[];
}

/** What goes on after a change was accepted. */
export interface Operation {
  /** Not the number that the SDK's wrapper calls by this name. */
  readonly name: string;
  readonly done: boolean;
  /** Only when done, and then it failed. Compute Engine tells it in an answer with status 200. */
  readonly error?: OperationError;
}

export interface OperationError {
  /** Like `IP_SPACE_EXHAUSTED`. */
  readonly code: string;
  readonly message: string;
  readonly httpStatus?: number;
}

export interface InZone {
  readonly project: string;
  readonly zone: string;
}

/**
 * For every call: one request is sent once (a list: one a page), nothing is retried. Rejects only with PodwireError;
 * codes are those of the table in errors.ts. A list is complete, or it rejects. A change answers with an operation that
 * may have begun only; whether it worked is told by its end.
 */
export interface ComputeApi {
  /** @throws CLOUD_NOT_FOUND */
  getInstance(input: InZone & { readonly instance: string }, options: CallOptions): Promise<Instance>;

  /**
   * Replaces the alias ranges of one interface, all of them; the empty list takes all away. The same request id is the
   * same operation.
   * @throws CLOUD_CONFLICT when the fingerprint is not the interface's any more: nothing happened
   * @throws CLOUD_NOT_FOUND, CLOUD_REJECTED
   */
  updateNetworkInterface(input: AliasUpdate, options: CallOptions): Promise<Operation>;

  /** @throws CLOUD_NOT_FOUND */
  getSubnetwork(
    input: { readonly project: string; readonly region: string; readonly subnetwork: string },
    options: CallOptions,
  ): Promise<Subnetwork>;

  /** @throws CLOUD_NOT_FOUND */
  getNetwork(input: { readonly project: string; readonly network: string }, options: CallOptions): Promise<Network>;

  /** Every route of one network. `network` is its URL as `getNetwork` tells it. */
  listRoutes(
    input: { readonly project: string; readonly network: string },
    options: CallOptions,
  ): Promise<readonly Route[]>;

  /** @throws CLOUD_CONFLICT when a route of that name exists, whatever it says @throws CLOUD_LIMIT */
  insertRoute(
    input: { readonly project: string; readonly route: RouteResource; readonly requestId: string },
    options: CallOptions,
  ): Promise<Operation>;

  /** @throws CLOUD_NOT_FOUND */
  deleteRoute(
    input: { readonly project: string; readonly route: string; readonly requestId: string },
    options: CallOptions,
  ): Promise<Operation>;

  /** Answers when the operation has ended, or earlier with one that goes on. @throws CLOUD_NOT_FOUND */
  waitZoneOperation(input: InZone & { readonly operation: string }, options: CallOptions): Promise<Operation>;

  /** As waitZoneOperation. */
  waitGlobalOperation(
    input: { readonly project: string; readonly operation: string },
    options: CallOptions,
  ): Promise<Operation>;
}

export interface AliasUpdate extends InZone {
  readonly instance: string;
  readonly networkInterface: string;
  readonly fingerprint: string;
  readonly aliasIpRanges: readonly AliasIpRange[];
  readonly requestId: string;
}
