import { type CallOptions, type Clock, isPodwireError, PodwireError, sleep } from "@podwire/core";
import type { Acceptance, ArmApi, OperationRef, OperationState } from "./api.ts";
import { operationPollMs, operationTimeoutMs } from "./config.ts";
import { type ArmCall, errorOfFailure } from "./errors.ts";

export interface OperationTools {
  readonly api: ArmApi;
  readonly clock: Clock;
}

/**
 * Follows a write that Azure accepted to its end. Undefined when it succeeded, else why it did not: what had happened
 * by then is for the document to tell. Polling is ours because the SDK's throws away the error's code.
 * @throws CLOUD_OUTCOME_UNKNOWN when the end is not seen: aborted, unanswered, or it never comes
 */
export async function failureOfOperation(
  tools: OperationTools,
  write: { readonly call: ArmCall; readonly accepted: Acceptance },
  options: CallOptions,
): Promise<PodwireError | undefined> {
  const { call, accepted } = write;
  if (accepted.operation === undefined) return undefined;
  const state = await endOf(tools, accepted.operation, options).catch((thrown: unknown) => {
    throw outcomeUnknown(call, thrown);
  });
  if (state.status === "succeeded") return undefined;
  const { code, message } = state;
  return errorOfFailure(call, { kind: "refused", code, message, httpStatus: 200 });
}

/** The write is out, and what follows it failed: nobody knows what became of it. */
export function outcomeUnknown({ action, object }: ArmCall, thrown: unknown): PodwireError {
  const reason = thrown instanceof Error ? thrown.message : "its end was not seen";
  return new PodwireError("CLOUD_OUTCOME_UNKNOWN", `what became of the update of ${object} is not known: ${reason}`, {
    op: `update ${object}`,
    details: `${action}: ${reason}`,
    cause: thrown,
  });
}

type EndState = Exclude<OperationState, { readonly status: "running" }>;

async function endOf(tools: OperationTools, operation: OperationRef, options: CallOptions): Promise<EndState> {
  const { clock } = tools;
  const deadlineMs = clock.bootMs() + operationTimeoutMs;
  for (let missed = 0; ; ) {
    const state = await ask(tools.api, operation, options);
    if (state === undefined) missed += 1;
    else if (state.status !== "running") return state;
    else missed = 0;
    const waitMs = (state?.retryAfterMs ?? operationPollMs) * (missed + 1);
    if (missed >= maxMissed || clock.bootMs() + waitMs > deadlineMs) {
      throw new PodwireError("DEADLINE_EXCEEDED", `the operation's end was not seen in ${operationTimeoutMs} ms`);
    }
    await sleep(clock, waitMs, options.signal);
  }
}

/** Answers that may fail to come, one after another. */
const maxMissed = 4;

/** Undefined when this once no answer came: a question can be asked again, unlike the write. */
async function ask(api: ArmApi, operation: OperationRef, options: CallOptions) {
  try {
    return await api.getOperation(operation, options);
  } catch (thrown) {
    if (isPodwireError(thrown, "CLOUD_UNREACHABLE") || isPodwireError(thrown, "CLOUD_THROTTLED")) return undefined;
    throw thrown;
  }
}
