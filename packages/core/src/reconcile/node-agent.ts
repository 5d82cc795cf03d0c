import type { Address, Family } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { AddTiming } from "../attachment/add-timings.ts";
import type { CniVerbs } from "../cni/verbs.ts";
import type { ErrorCode } from "../errors/codes.ts";
import type { HostNetwork } from "../host/host-network.ts";
import type { AddressState, BlockState } from "../pool/states.ts";
import type { CloudProvider } from "../provider/cloud-provider.ts";
import type { NodeIdentity } from "../provider/node-identity.ts";
import type { NodeRef } from "../provider/node-ref.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { Random } from "../runtime/random.ts";
import type { AttachmentState, InterfaceRecord, OperationRecord, PodRef } from "../store/records.ts";
import type { StateStore } from "../store/state-store.ts";

export interface NodePorts {
  readonly provider: CloudProvider;
  readonly identity: NodeIdentity;
  readonly host: HostNetwork;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The podwire of one node, whole, without sockets and processes: what the daemon serves and the tests drive. */
export interface NodeAgent extends CniVerbs {
  /**
   * Reads the state and finishes or takes back what a crash interrupted. Needs no cloud. Call once, before anything
   * else; from then on every verb is served from what the state holds.
   */
  recover(signal: CancelSignal): Promise<void>;
  /**
   * Learns who the node is, brings the kernel to the desired state, keeps the pool at its targets and compares with the
   * cloud, until `signal` is aborted; then resolves once nothing of it is under way any more.
   */
  run(signal: CancelSignal): Promise<void>;
  /** Makes the next comparison with the cloud happen now. */
  refresh(): void;
  report(): NodeReport;
  /** Brings the gauges up to date; call before they are read. */
  publishMetrics(): void;
}

/** What `GET /v1/status` answers. */
export interface NodeReport {
  readonly ready: boolean;
  /** Why an ADD could not be served, or what is wrong with running pods. */
  readonly problems: readonly { readonly code: ErrorCode; readonly message: string }[];
  readonly node: NodeRef | undefined;
  readonly pools: readonly PoolReport[];
  readonly interfaces: readonly InterfaceRecord[];
  readonly blocks: readonly { readonly cidr: Cidr; readonly interfaceId: string; readonly state: BlockState }[];
  readonly attachments: readonly AttachmentReport[];
  readonly operations: readonly OperationRecord[];
  /** End of the last successful comparison with the cloud, `Clock.bootMs`. */
  readonly describedMs: number | undefined;
}

export interface PoolReport {
  readonly name: string;
  readonly family: Family;
  readonly addresses: Readonly<Record<AddressState, number>>;
  /** Free addresses of ready blocks: what an ADD can have at once. */
  readonly available: number;
  readonly incoming: number;
  readonly waiters: number;
}

export interface AttachmentReport {
  readonly network: string;
  readonly containerId: string;
  readonly ifName: string;
  readonly state: AttachmentState;
  readonly pod: PodRef;
  readonly addresses: readonly Address[];
  readonly netns: string;
  /** Where the time of the ADD went; absent for attachments read back from the state. */
  readonly addTiming?: AddTiming;
}
