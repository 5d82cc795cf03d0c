import type { Address, Family } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { AttachmentKey } from "../cni/attachment-key.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import type { AttachmentFacts, AttachmentSpec, Datapath, FoundAttachment, NetnsRef } from "./attachment-spec.ts";
import type { Finding } from "./finding.ts";
import type { Drift, HostEvent, HostInterface, NodeNetwork, Repair } from "./node-network.ts";

export interface HostCapabilities {
  readonly datapaths: readonly Datapath[];
  readonly families: readonly Family[];
}

/**
 * The kernel of the node. Everything podwire makes is marked as its own (route protocol, link alias, nft table); what
 * is not marked is never changed, in the host's namespace or in a pod's.
 *
 * For every method: rejects only with PodwireError; KERNEL_REFUSED carries operation, errno and the kernel's text.
 */
export interface HostNetwork {
  readonly capabilities: HostCapabilities;

  /** What is wrong with the node, worst first. Changes nothing. */
  preflight(): Promise<readonly Finding[]>;

  /** @throws INVALID_NETNS: the path is absent, is no network namespace, or is the host's own */
  openNetns(path: string): Promise<NetnsRef>;

  /**
   * Makes the attachment, all or nothing: on any failure nothing of it is left. The same spec again is success with the
   * same facts, and mends what is missing. When `signal` is aborted before it is complete it is undone: CANCELLED.
   * @throws INTERFACE_EXISTS the pod has an interface of that name that is not this attachment's; it is not touched
   * @throws INVALID_NETNS the namespace at the path is gone or is not the one of the cookie
   * @throws NOT_SUPPORTED the data path or family is not among the capabilities
   */
  attach(spec: AttachmentSpec, signal: CancelSignal): Promise<AttachmentFacts>;

  /**
   * Removes everything of the attachment, by key alone. Absent = success, whatever is left of it: no link, no
   * namespace, no route. Resolves when the kernel holds nothing of it any more. Foreign objects of the same name stay.
   * @param addresses those of the attachment where the caller knows them, so that their routes go even without a link
   */
  detach(key: AttachmentKey, addresses?: readonly Address[]): Promise<void>;

  /** Differences between the spec and the kernel, in the pod and on the host. Changes nothing. */
  inspect(spec: AttachmentSpec, facts: AttachmentFacts): Promise<readonly Drift[]>;

  /** Every attachment of ours that the kernel holds, complete or not. */
  attachments(): Promise<readonly FoundAttachment[]>;

  /** Addresses inside `within` configured in any namespace that can be reached from this one by a named path. */
  addressesInUse(within: readonly Cidr[]): Promise<ReadonlyMap<Address, NetnsRef>>;

  /**
   * Brings the node to the desired state and says what was missing. Idempotent: twice in a row, the second time
   * nothing. Removes what is marked ours and not desired, except whole attachments (`detach` does that). An interface
   * that the kernel does not show yet is passed over, not an error.
   */
  converge(desired: NodeNetwork, signal: CancelSignal): Promise<readonly Repair[]>;

  /** Interfaces of the host's namespace, without those that podwire made. */
  interfaces(): Promise<readonly HostInterface[]>;

  /** Endless, until `signal` is aborted, then it returns. One reader at a time. */
  events(signal: CancelSignal): AsyncIterable<HostEvent>;
}
