import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Directories of one test. Only what was made here is ever removed: no path is computed for the removal. */
export interface TemporaryDirectories {
  make(prefix: string): string;
  removeAll(): void;
}

export function createTemporaryDirectories(): TemporaryDirectories {
  const made: string[] = [];
  return {
    make: (prefix) => {
      const directory = mkdtempSync(join(tmpdir(), prefix));
      made.push(directory);
      return directory;
    },
    removeAll: () => {
      for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
    },
  };
}
