import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorFrom, PodwireError, quoteValue } from "@podwire/core";

/** What shall stand at a path. */
export interface PlacedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/**
 * Makes the file be there, complete at once (by rename): a runtime that reads or runs it meanwhile has the old one or
 * the new one.
 * @returns whether anything had to be changed
 * @throws HOST_UNFIT naming the path; what was there before is still there
 */
export function placeFile(file: PlacedFile): boolean {
  try {
    if (isInPlace(file)) return false;
    writeByRename(file);
    return true;
  } catch (cause) {
    const details = errorFrom(cause).message;
    throw new PodwireError("HOST_UNFIT", `${quoteValue(file.path)} cannot be written`, { details, cause });
  }
}

function isInPlace({ path, bytes, mode }: PlacedFile): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile() || (stats.mode & 0o7777) !== mode) return false;
  return readFileSync(path).equals(bytes);
}

function writeByRename({ path, bytes, mode }: PlacedFile): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  // A name that no runtime takes for a plugin or a configuration.
  const draft = join(directory, `.${basename(path)}.${randomUUID()}`);
  try {
    writeFileSync(draft, bytes, { flag: "wx", flush: true });
    chmodSync(draft, mode);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}
