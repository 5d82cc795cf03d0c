import { type CallOptions, type Clock, errorFrom, isPodwireError, PodwireError, sleep } from "@podwire/core";
import type { Operation } from "./api.ts";
import { operationTimeoutMs, pollIntervalMs } from "./config.ts";
import { type ComputeCall, errorOfFailure } from "./errors.ts";

/** A change that was accepted, and how to ask for its end. */
export interface StartedChange {
  readonly call: ComputeCall;
  readonly operation: Operation;
  readonly clock: Clock;
  readonly wait: (operation: string, options: CallOptions) => Promise<Operation>;
}

/**
 * Follows an operation to its end. The SDK throws nothing for one that failed; here it is an error with the operation's
 * code. What cannot be followed to its end may have happened: CLOUD_OUTCOME_UNKNOWN.
 */
export async function endOf(change: StartedChange, options: CallOptions): Promise<void> {
  const { clock, call, wait } = change;
  const startedMs = clock.bootMs();
  let { operation } = change;
  for (let polls = 0; !operation.done; polls++) {
    const { name } = operation;
    if (clock.bootMs() - startedMs >= operationTimeoutMs) throw lost(call, name, { why: "it has not ended in time" });
    operation = await followed(call, name, async () => {
      // The first question waits at the other end; an answer without an end must not be the start of a storm.
      if (polls > 0) await sleep(clock, pollIntervalMs, options.signal);
      return wait(name, options);
    });
  }
  if (operation.error !== undefined) throw errorOfFailure(call, { kind: "operation", ...operation.error });
}

async function followed(call: ComputeCall, name: string, poll: () => Promise<Operation>): Promise<Operation> {
  try {
    return await poll();
  } catch (thrown) {
    if (!isPodwireError(thrown)) throw lost(call, name, { why: "the call was cancelled", cause: thrown });
    const { message, details = "" } = errorFrom(thrown);
    throw lost(call, name, { why: `${message} (${details})`, cause: thrown });
  }
}

interface Loss {
  readonly why: string;
  readonly cause?: unknown;
}

function lost({ action, object }: ComputeCall, name: string, { why, cause }: Loss): PodwireError {
  return new PodwireError("CLOUD_OUTCOME_UNKNOWN", `operation ${name} on ${object} could not be followed to its end`, {
    op: `wait for operation ${name}`,
    details: `compute.${action}: ${why}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
