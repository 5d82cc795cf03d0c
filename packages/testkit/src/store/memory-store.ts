import { PodwireError, type StateChange, type StateStore, type StoredState } from "@podwire/core";
import { findOrphan } from "./contradictions.ts";
import { createMemoryTables, loadTables, type MemoryTables } from "./memory-tables.ts";
import { applyChange, type Undo } from "./table-changes.ts";

/** A StateStore in memory that dies and comes back like a process with a file. */
export interface MemoryStore extends StateStore {
  /** From now on everything throws, as after the death of the process. What was committed stays. */
  crash(): void;
  /** The store as the next process opens it. The old one throws from now on. */
  reopen(): MemoryStore;
  /** The next `count` commits throw STORE_FAILED and change nothing. */
  failCommits(count: number): void;
}

export function createMemoryStore(): MemoryStore {
  return openTables(createMemoryTables());
}

function openTables(tables: MemoryTables): MemoryStore {
  let open = true;
  let failures = 0;
  const close = () => {
    open = false;
  };
  return {
    load(): StoredState {
      if (!open) throw closed("load the state");
      return loadTables(tables);
    },
    commit(changes: readonly StateChange[]): void {
      if (!open) throw closed("commit");
      if (failures > 0) {
        failures -= 1;
        throw new PodwireError("STORE_FAILED", "the state cannot be written, as a test asked for", { op: "commit" });
      }
      commitTo(tables, changes);
    },
    close,
    crash: close,
    reopen(): MemoryStore {
      close();
      return openTables(tables);
    },
    failCommits(count: number): void {
      failures = count;
    },
  };
}

function commitTo(tables: MemoryTables, changes: readonly StateChange[]): void {
  const undos: Undo[] = [];
  try {
    for (const change of changes) undos.push(applyChange(tables, change));
    const orphan = findOrphan(tables);
    if (orphan !== undefined) throw new PodwireError("STORE_FAILED", orphan, { op: "commit" });
  } catch (error) {
    for (const undo of undos.reverse()) undo();
    throw error;
  }
}

function closed(op: string): PodwireError {
  return new PodwireError("STORE_FAILED", "the state is closed", { op });
}
