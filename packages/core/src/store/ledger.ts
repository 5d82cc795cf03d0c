import { applyChange, createNodeState, type NodeState } from "./node-state.ts";
import type { StateChange } from "./state-change.ts";
import type { StateStore } from "./state-store.ts";

/** The node's state in memory, never ahead of the store. */
export interface Ledger {
  /** Always the newest; reading it twice around a commit gives two different views. */
  readonly state: NodeState;
  /**
   * Writes the changes down, then moves the state. Synchronous: what was decided on `state` right before is still true.
   * @throws STORE_FAILED nothing has changed
   */
  commit(changes: readonly StateChange[]): void;
}

/** @throws STORE_FAILED */
export function openLedger(store: StateStore): Ledger {
  const state = createNodeState(store.load());
  return {
    state,
    commit(changes) {
      if (changes.length === 0) return;
      store.commit(changes);
      for (const change of changes) applyChange(state, change);
    },
  };
}
