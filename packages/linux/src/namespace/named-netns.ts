import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { PodwireError } from "@podwire/core";
import { libc } from "../libc.ts";
import { cloneNewNet, insideNetns } from "./inside-netns.ts";

const msBind = 0x1000;
const mntDetach = 2;

/**
 * Makes a network namespace and keeps it under `path`, as `ip netns add` does: an empty file with the namespace mounted
 * on it. Everything in it is down.
 * @throws KERNEL_REFUSED when the path exists, or the kernel refuses the namespace or the mount; nothing is left then
 */
export function createNetns(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  createMountPoint(path);
  // The way home comes from insideNetns: entering the own namespace changes nothing, and unshare then leaves it.
  const homeFd = openSync("/proc/thread-self/ns/net", "r");
  try {
    const failure = insideNetns(homeFd, () => mountNewNetns(path));
    if (failure.entered && failure.value === undefined) return;
    rmSync(path, { force: true });
    throw refused(`netns add ${path}`, failure.entered ? `${failure.value}` : failure.errno);
  } finally {
    closeSync(homeFd);
  }
}

/** Removes the path; the namespace goes when nothing else holds it. Absent = success. */
export function deleteNetns(path: string): void {
  if (libc.umount2(path, mntDetach) !== 0) {
    const errno = libc.errnoName();
    // EINVAL: the file is there but nothing is mounted on it.
    if (errno !== "ENOENT" && errno !== "EINVAL") throw refused(`netns del ${path}`, errno);
  }
  rmSync(path, { force: true });
}

function createMountPoint(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o444));
  } catch (error) {
    throw refused(`netns add ${path}`, `${(error as NodeJS.ErrnoException).code}`);
  }
}

/** The errno's name on failure. */
function mountNewNetns(path: string): string | undefined {
  if (libc.unshare(cloneNewNet) !== 0) return libc.errnoName();
  return libc.mount("/proc/thread-self/ns/net", path, "none", msBind, null) === 0 ? undefined : libc.errnoName();
}

function refused(op: string, errno: string): PodwireError {
  return new PodwireError("KERNEL_REFUSED", `the kernel refused ${op} (${errno})`, { op, details: errno });
}
