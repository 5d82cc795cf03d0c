import type { Cidr } from "../address/cidr.ts";
import type { Finding } from "../host/finding.ts";
import type { CallOptions } from "./cloud-provider.ts";
import type { ClusterScope, NodeRef } from "./node-ref.ts";

/** A route-table entry: the cloud delivers `cidr` to the node. */
export interface CloudRoute {
  readonly cidr: Cidr;
  readonly nodeId: string;
  /** `ours`: written by podwire for this cluster. */
  readonly owner: "ours" | "foreign";
  /** The cloud delivers nothing by it (its target is gone). */
  readonly blackhole: boolean;
}

export interface RouteChange {
  readonly token: string;
  readonly scope: ClusterScope;
  readonly put: readonly { readonly cidr: Cidr; readonly node: NodeRef }[];
  readonly remove: readonly Cidr[];
}

export interface RouteOutcome {
  readonly put: readonly Cidr[];
  readonly removed: readonly Cidr[];
}

/**
 * The routing family: a source of node CIDRs plus a route backend make a source of blocks. Errors as in
 * CloudProvider.
 */
export interface RouteBackend {
  /** What keeps packets of foreign addresses from this node: forwarding switches, quotas. Changes nothing. */
  preflight(node: NodeRef, options: CallOptions): Promise<readonly Finding[]>;
  /** Every route of the cluster's network, ours or not. Complete, or it rejects. */
  list(scope: ClusterScope, options: CallOptions): Promise<readonly CloudRoute[]>;
  /** Idempotent by content. Resolves with exactly what stands now; never touches a foreign route. */
  apply(change: RouteChange, options: CallOptions): Promise<RouteOutcome>;
}
