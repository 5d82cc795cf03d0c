import type { CancelSignal } from "../runtime/cancel-signal.ts";
import type { NodeRef } from "./node-ref.ts";

/** Who am I: asks the cloud's metadata server and nothing else. Needs no credentials. */
export interface NodeIdentity {
  /**
   * Success: the same value for as long as the instance lives.
   * @throws CLOUD_UNREACHABLE when the metadata server does not answer or answers nonsense
   * @throws CANCELLED when `signal` is aborted
   */
  self(signal: CancelSignal): Promise<NodeRef>;
}
