import { readFileSync } from "node:fs";

/** USER_HZ: the same on every architecture that Node runs on, whatever the kernel's own clock. */
const ticksPerSecond = 100;

export interface Memory {
  readonly rssMib: number;
  /** The part that no file backs: what cannot be read again from disk. */
  readonly anonMib: number;
}

/** User and system time so far, of all threads. @throws Error there is no such process */
export function cpuSeconds(pid: number): number {
  return cpuSecondsIn(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** @throws Error there is no such process */
export function memoryOf(pid: number): Memory {
  return memoryIn(readFileSync(`/proc/${pid}/status`, "utf8"));
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: fields 14 and 15; the name, field 2, may hold spaces. */
export function cpuSecondsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function memoryIn(status: string): Memory {
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  return { rssMib: mib("VmRSS"), anonMib: mib("RssAnon") };
}
