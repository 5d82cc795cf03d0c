import type { Family } from "../address/address.ts";
import type { Datapath } from "../host/attachment-spec.ts";
import type { HostNetwork } from "../host/host-network.ts";
import type { PoolIdentity } from "../pool/pool-counts.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { Ledger } from "../store/ledger.ts";
import type { AddTimings } from "./add-timings.ts";
import type { AddressQueue } from "./address-queue.ts";
import type { KeyLanes } from "./key-lanes.ts";
import type { UnrecordedAttachments } from "./unrecorded.ts";

/** What the verbs work with. */
export interface AttachmentContext {
  readonly ledger: Ledger;
  readonly queue: AddressQueue;
  readonly host: HostNetwork;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly lanes: KeyLanes;
  readonly timings: AddTimings;
  readonly unrecorded: UnrecordedAttachments;
  readonly families: readonly Family[];
  readonly datapath: Datapath;
  readonly mtuBytes: () => number;
  readonly poolOf: (network: string) => PoolIdentity;
  /** Addresses were given back: the pool should be planned again. */
  readonly onRelease: () => void;
}
