import type { CancelSignal } from "../runtime/cancel-signal.ts";
import { withTimeout } from "../runtime/cancel-source.ts";
import type { CloudContext } from "./cloud-context.ts";

/** Calls the cloud for as long as the configuration lets one call take. @param call its name for the error */
export function timedCall<T>(
  { clock, settings }: CloudContext,
  call: { readonly op: string; readonly signal: CancelSignal },
  work: (signal: CancelSignal) => Promise<T>,
): Promise<T> {
  const limit = { timeoutMs: settings.config.reconcile.callTimeoutMs, op: call.op, parent: call.signal };
  return withTimeout(clock, limit, work);
}
