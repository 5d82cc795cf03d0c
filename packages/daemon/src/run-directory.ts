import { lstatSync, mkdirSync, type Stats } from "node:fs";
import { errorFrom, PodwireError, quoteValue } from "@podwire/core";

/**
 * Makes a directory for this user alone, or finds one that nobody else can write to. One that others can write to is
 * refused and not mended: it may be /tmp.
 * @throws HOST_UNFIT naming the directory and what is wrong with it
 */
export function ensurePrivateDirectory(path: string): void {
  const problem = problemOf(makeDirectory(path));
  if (problem === undefined) return;
  throw new PodwireError("HOST_UNFIT", `the directory ${quoteValue(path)} ${problem}`, { value: quoteValue(path) });
}

function makeDirectory(path: string): Stats {
  try {
    mkdirSync(path, { mode: 0o700, recursive: true });
    return lstatSync(path);
  } catch (cause) {
    const details = errorFrom(cause).message;
    throw new PodwireError("HOST_UNFIT", `the directory ${quoteValue(path)} cannot be made`, { details, cause });
  }
}

function problemOf(stats: Stats): string | undefined {
  if (!stats.isDirectory()) return "is no directory";
  if (stats.uid !== process.geteuid?.()) return "belongs to another user";
  return (stats.mode & 0o022) === 0 ? undefined : "can be written by other users";
}
