import { closeSync, constants, openSync } from "node:fs";
import { PodwireError, quoteValue } from "@podwire/core";
import { libc } from "./libc.ts";

const lockExclusive = 2;
const lockNonBlocking = 4;

/**
 * Takes an exclusive lock on the file (made when absent, mode 0600) and returns what releases it. The kernel releases
 * it too when the process ends, however it ends. The file itself stays: removing it would let two hold "the" lock.
 * @throws SOCKET_TAKEN when another process, or another call, holds it
 * @throws STORE_FAILED when the file cannot be opened
 */
export function lockFile(path: string): () => void {
  const fd = openLock(path);
  if (libc.flock(fd, lockExclusive | lockNonBlocking) === 0) return once(() => closeSync(fd));
  const errno = libc.errnoName();
  closeSync(fd);
  const held = errno === "EAGAIN" || errno === "EWOULDBLOCK";
  throw new PodwireError(
    held ? "SOCKET_TAKEN" : "STORE_FAILED",
    held ? `the lock file ${quoteValue(path)} is held by another process` : `cannot lock ${quoteValue(path)}`,
    { op: `flock ${path}`, value: quoteValue(path), details: errno },
  );
}

function openLock(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    const details = `${(error as NodeJS.ErrnoException).code}`;
    throw new PodwireError("STORE_FAILED", `cannot open the lock file ${quoteValue(path)}`, {
      op: `open ${path}`,
      details,
      cause: error,
    });
  }
}

/** Closing a descriptor twice would close somebody else's. */
function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
