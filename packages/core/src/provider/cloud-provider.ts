import type { Cidr } from "../address/cidr.ts";
import type { PodwireError } from "../errors/podwire-error.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import type { BlockKind, Capabilities, CloudInterface, Limits, NetworkFacts, Snapshot } from "./cloud-facts.ts";
import type { ClusterScope, NodeRef } from "./node-ref.ts";

export interface CallOptions {
  readonly signal: CancelSignal;
}

/**
 * A call that changes something carries a token. Where the cloud takes one, the same token is the same operation
 * however often it is sent; where it does not (EC2's AssignPrivateIpAddresses), sending twice is doing twice. The
 * caller therefore never sends twice: after an outcome it does not know it describes first.
 */
export interface Mutation {
  readonly token: string;
  readonly node: NodeRef;
}

export type BlockRequest =
  | { readonly kind: BlockKind; readonly count: number }
  /** Only with `capabilities.specificAddresses`. */
  | { readonly cidrs: readonly Cidr[] };

export interface BlockChange extends Mutation {
  readonly interfaceId: string;
  readonly add?: BlockRequest;
  readonly remove?: readonly Cidr[];
}

/** Exactly what happened; `failure` says why it is less than what was asked. */
export interface BlockOutcome {
  readonly added: readonly Cidr[];
  readonly removed: readonly Cidr[];
  readonly failure?: PodwireError;
}

export interface InterfaceRequest extends Mutation {
  readonly scope: ClusterScope;
  /** Name of the pool it is for; `CloudInterface.pool` tells it again where the cloud can remember it. */
  readonly pool: string;
  readonly subnetId: string;
  /** Empty = those of the node's primary interface. */
  readonly securityGroupIds: readonly string[];
  /** At most one request a family. */
  readonly add: readonly BlockRequest[];
}

export interface InterfaceOutcome {
  readonly interface: CloudInterface;
  /** The interface stands, with less than what was asked. */
  readonly failure?: PodwireError;
}

export interface InterfaceRef {
  readonly id: string;
  /** The one it was made for: all that is known of a node that is gone. */
  readonly node: Pick<NodeRef, "cloud" | "id">;
  /** Only while no instance holds it: what was found left behind may have been attached since. */
  readonly ifUnattached?: boolean;
}

/**
 * The underlay of one cloud: interfaces and the blocks on them. Holds no state that a restart would miss and knows no
 * node of its own.
 *
 * For every method: one attempt, no retry. Rejects only with PodwireError. A mutation that rejects with retry class
 * `ask-first` may or may not have happened; with any other class nothing happened. CLOUD_THROTTLED carries
 * `retryAfterMs` where the cloud named it. CLOUD_PERMISSION and CLOUD_CREDENTIALS name the action. When `signal` is
 * aborted a read rejects with CANCELLED, a mutation on its way with CLOUD_OUTCOME_UNKNOWN.
 */
export interface CloudProvider {
  readonly capabilities: Capabilities;

  /** What the instance type allows. May be cached by the adapter: it never changes while the instance lives. */
  limits(node: NodeRef, options: CallOptions): Promise<Limits>;

  /** The virtual network around the node, its subnets in the node's zone. */
  network(node: NodeRef, options: CallOptions): Promise<NetworkFacts>;

  /** Every interface of the node, ours or not. Complete, or it rejects: a page that is missing is a failure. */
  describe(node: NodeRef, options: CallOptions): Promise<Snapshot>;

  /**
   * Adds and removes blocks of ONE interface of ours; removes before it adds. Adding what is there and removing what is
   * absent count as having happened. Resolves with the exact subset that happened if that is not nothing.
   * @throws SUBNET_EXHAUSTED, SUBNET_FRAGMENTED, CLOUD_LIMIT, CLOUD_NOT_FOUND, CLOUD_CONFLICT, NOT_SUPPORTED
   */
  changeBlocks(change: BlockChange, options: CallOptions): Promise<BlockOutcome>;

  /**
   * Creates an interface with blocks, attaches it, and makes it go away with the instance. What fails half-way is taken
   * back as far as the cloud lets it; the rest shows up in `describe` or `orphans`.
   * @throws SUBNET_EXHAUSTED, SUBNET_FRAGMENTED, INTERFACE_LIMIT, NOT_SUPPORTED
   */
  createInterface(request: InterfaceRequest, options: CallOptions): Promise<InterfaceOutcome>;

  /**
   * Detaches and deletes an interface of ours. Absent = success.
   * @throws CLOUD_CONFLICT when it is not ours, or is held although `ifUnattached`
   */
  deleteInterface(ref: InterfaceRef, options: CallOptions): Promise<void>;

  /** Interfaces of ours in the cluster's network that no instance holds. @throws NOT_SUPPORTED */
  orphans(scope: ClusterScope, options: CallOptions): Promise<readonly InterfaceRef[]>;
}
