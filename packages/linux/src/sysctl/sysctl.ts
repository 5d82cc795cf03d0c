import { readFileSync, writeFileSync } from "node:fs";
import { PodwireError } from "@podwire/core";

/** Runs something synchronous in the namespace meant; /proc/sys/net shows the namespace of the calling thread. */
export type RunInside = <T>(action: () => T) => T;

/** Settings under /proc/sys of one network namespace; `name` as in `net/ipv4/ip_forward`. */
export interface Sysctl {
  /** Undefined when the kernel has no such setting. */
  read(name: string): string | undefined;
  /** @throws KERNEL_REFUSED */
  write(name: string, value: string): void;
}

export function createSysctl(runInside: RunInside): Sysctl {
  return {
    read: (name) => runInside(() => readSetting(name)),
    write: (name, value) => runInside(() => writeSetting(name, value)),
  };
}

function readSetting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw refused(`sysctl ${name}`, error);
  }
}

function writeSetting(name: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/${name}`, value);
  } catch (error) {
    throw refused(`sysctl ${name}=${value}`, error);
  }
}

function refused(op: string, error: unknown): PodwireError {
  const details = `${(error as NodeJS.ErrnoException).code}`;
  return new PodwireError("KERNEL_REFUSED", `the kernel refused ${op} (${details})`, { op, details, cause: error });
}
