import type {
  AttachmentFacts,
  AttachmentKey,
  AttachmentSpec,
  CancelSignal,
  Datapath,
  Drift,
  NetnsRef,
} from "@podwire/core";
import type { KernelNumbers } from "./kernel-numbers.ts";
import type { PodNamespace } from "./namespace/pod-namespace.ts";
import type { Netlink } from "./netlink/netlink.ts";

/** Where a data path works, and by which numbers. */
export interface DataPathHost {
  readonly netlink: Netlink;
  readonly numbers: KernelNumbers;
  /** Whether the node's kernel has IPv6 at all. */
  readonly hasIpv6: boolean;
  /** @throws INVALID_NETNS */
  openPod(ref: NetnsRef): PodNamespace;
}

/**
 * One way to attach a pod. The contracts are those of the same methods of HostNetwork; a folder each (`veth/`), chosen
 * by `AttachmentSpec.datapath`.
 */
export interface DataPath {
  readonly name: Datapath;
  attach(spec: AttachmentSpec, signal: CancelSignal): Promise<AttachmentFacts>;
  /** Whether there was a link of this attachment. */
  detach(key: AttachmentKey): Promise<boolean>;
  inspect(spec: AttachmentSpec, facts: AttachmentFacts): Promise<readonly Drift[]>;
}
