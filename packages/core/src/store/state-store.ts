import type {
  AddressRecord,
  AttachmentRecord,
  BlockRecord,
  InterfaceRecord,
  OperationRecord,
  TombstoneRecord,
} from "./records.ts";
import type { MetaKey, StateChange } from "./state-change.ts";

/** Everything the node remembers, in no particular order. */
export interface StoredState {
  readonly meta: ReadonlyMap<MetaKey, string>;
  readonly interfaces: readonly InterfaceRecord[];
  readonly blocks: readonly BlockRecord[];
  readonly addresses: readonly AddressRecord[];
  readonly attachments: readonly AttachmentRecord[];
  readonly operations: readonly OperationRecord[];
  readonly tombstones: readonly TombstoneRecord[];
}

/** The node's memory. One process at a time writes to it. */
export interface StateStore {
  /** Everything committed so far. @throws STORE_FAILED */
  load(): StoredState;

  /**
   * All of the changes, in order, or none. On return they survive the death of the process (not of the machine: the
   * state ends with the boot). Synchronous on purpose: no other decision can come between a decision and its record.
   * Refuses a state that contradicts itself: an address allocated to no attachment, an address or block whose parent is
   * absent, deleting a parent that still has children.
   * @throws STORE_FAILED nothing was changed
   */
  commit(changes: readonly StateChange[]): void;

  close(): void;
}
