import type { AddressQueue } from "../attachment/address-queue.ts";
import type { UnrecordedAttachments } from "../attachment/unrecorded.ts";
import type { HostNetwork } from "../host/host-network.ts";
import type { CloudProvider } from "../provider/cloud-provider.ts";
import type { NodeIdentity } from "../provider/node-identity.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { Random } from "../runtime/random.ts";
import type { Ledger } from "../store/ledger.ts";
import type { CloudMemory } from "./cloud-memory.ts";
import type { NodeSettings } from "./node-settings.ts";

/** What the loops of one node work with. */
export interface CloudContext {
  readonly settings: NodeSettings;
  readonly ledger: Ledger;
  readonly queue: AddressQueue;
  readonly memory: CloudMemory;
  readonly provider: CloudProvider;
  readonly identity: NodeIdentity;
  readonly host: HostNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly unrecorded: UnrecordedAttachments;
  /** Something the pool's plan depends on has changed. */
  readonly replan: () => void;
  /** Compare with the cloud soon. */
  readonly refresh: () => void;
  /** Bring the kernel to the desired state; resolves when it has been tried. */
  readonly converge: () => Promise<void>;
}
