import { convergeTable } from "./converge-table.ts";
import type { Nft } from "./nft-command.ts";

/**
 * podwire's table, and whether it can have changed since it was last looked at. A look costs a process, and starting
 * one stops the daemon for some milliseconds: so none is taken while the kernel's events say that nothing happened.
 */
export interface WatchedTable {
  /** As `convergeTable`, without a look where none is needed. */
  converge(script: string): Promise<boolean>;
  /** From now until the returned function is called, every change of the table is told by `changed`. */
  watch(): () => void;
  /** Somebody changed it, or it is not known whether somebody did. */
  changed(): void;
}

export function createWatchedTable(nft: Nft): WatchedTable {
  /** What it is known to be made by. */
  let known: string | undefined;
  let changes = 0;
  let watchers = 0;
  const changed = () => {
    known = undefined;
    changes++;
  };
  return {
    async converge(script) {
      if (known === script) return false;
      const before = changes;
      const replaced = await convergeTable(nft, script);
      // Unwatched, or changed during the look: what was seen may be past.
      if (watchers > 0 && changes === before) known = script;
      return replaced;
    },
    watch() {
      watchers++;
      changed();
      return () => {
        watchers--;
        changed();
      };
    },
    changed,
  };
}
