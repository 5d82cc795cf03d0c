import { closeSync, openSync } from "node:fs";
import { PodwireError } from "@podwire/core";
import { type Libc, libc } from "../libc.ts";

/** CLONE_NEWNET: the descriptor must be a network namespace, else EINVAL. */
export const cloneNewNet = 0x40000000;

/** The process cannot be trusted with a thread in a foreign namespace: whatever it did next would happen there. */
export interface ThreadControl extends Pick<Libc, "setns" | "errnoName"> {
  abort(): never;
}

/**
 * Runs `action` with the calling thread in another network namespace. Strictly synchronous: nothing else can run on
 * this thread meanwhile, and no thread is born that would inherit the namespace. The process dies if the way back
 * fails.
 * @returns what `action` returns, or the name of the errno when the descriptor is no network namespace
 */
export function insideNetns<T>(netnsFd: number, action: () => T, control = processControl): Entered<T> {
  const homeFd = openSync("/proc/thread-self/ns/net", "r");
  try {
    if (control.setns(netnsFd, cloneNewNet) !== 0) return { entered: false, errno: control.errnoName() };
    try {
      return { entered: true, value: synchronous(action()) };
    } finally {
      if (control.setns(homeFd, cloneNewNet) !== 0) control.abort();
    }
  } finally {
    closeSync(homeFd);
  }
}

export type Entered<T> =
  | { readonly entered: true; readonly value: T }
  | { readonly entered: false; readonly errno: string };

const processControl: ThreadControl = {
  setns: libc.setns,
  errnoName: libc.errnoName,
  abort: () => process.abort(),
};

function synchronous<T>(value: T): T {
  if (!(value instanceof Promise)) return value;
  throw new PodwireError("INTERNAL", "work inside a network namespace must be synchronous");
}
