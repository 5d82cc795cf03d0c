import { type Clock, sleep } from "@podwire/core";
import type { AnswerLoss, Injection } from "./fault-plan.ts";

/** How a call under a fault plan ended. */
export type FaultyOutcome<T> =
  | { readonly kind: "answered"; readonly answer: T }
  | { readonly kind: "refused"; readonly fail: NonNullable<Injection["fail"]> }
  /** It was carried out; `answer` is what the caller does not get to read. */
  | { readonly kind: "lost"; readonly how: AnswerLoss; readonly answer?: T };

/**
 * Carries out `apply` the way the injection says, and lets through what it throws. Once called it runs to its end, also
 * when the caller has gone: a request that is on its way is not called back by hanging up.
 */
export async function callWithFaults<T>(
  clock: Clock,
  injection: Injection,
  apply: (atMost: number) => T,
): Promise<FaultyOutcome<T>> {
  if (injection.delayBeforeMs > 0) await sleep(clock, injection.delayBeforeMs);
  if (injection.fail !== undefined) return { kind: "refused", fail: injection.fail };
  const done = attempt(() => apply(injection.atMost));
  if (injection.delayAfterMs > 0) await sleep(clock, injection.delayAfterMs);
  if (injection.loss !== undefined) return { kind: "lost", how: injection.loss, ...done.answer };
  if (done.thrown !== undefined) throw done.thrown.error;
  return { kind: "answered", ...done.answer };
}

type Attempt<T> =
  | { readonly answer: { readonly answer: T }; readonly thrown?: never }
  | { readonly answer?: never; readonly thrown: { readonly error: unknown } };

function attempt<T>(apply: () => T): Attempt<T> {
  try {
    return { answer: { answer: apply() } };
  } catch (error) {
    return { thrown: { error } };
  }
}
