import {
  type BlockChange,
  type CallOptions,
  type Clock,
  type ErrorCode,
  errorCodes,
  type InterfaceRef,
  type InterfaceRequest,
  PodwireError,
} from "@podwire/core";
import { FaultPlan } from "../fault/fault-plan.ts";
import { callWithFaults, type FaultyOutcome } from "../fault/faulty-call.ts";

/** Which of them change something. */
const mutates = {
  limits: false,
  network: false,
  describe: false,
  changeBlocks: true,
  createInterface: true,
  deleteInterface: true,
  orphans: false,
} as const;

export type MemoryAction = keyof typeof mutates;

export interface MemoryCall {
  readonly action: MemoryAction;
  readonly startedMs: number;
  /** Only of `changeBlocks`. */
  readonly change?: BlockChange;
  /** Only of `createInterface`. */
  readonly request?: InterfaceRequest;
  /** Only of `deleteInterface`. */
  readonly ref?: InterfaceRef;
}

export interface MemoryCallsOptions {
  readonly clock: Clock;
  /** Actions are those of MemoryAction; codes are podwire's own. */
  readonly faults?: FaultPlan;
  /** How long a call takes; half of it before the cloud acts, half after. Default 0. */
  readonly latencyMs?: (action: MemoryAction) => number;
}

/** The way of a call to the cloud in memory and back: it is logged, it takes time, and faults befall it. */
export class MemoryCalls {
  readonly log: MemoryCall[] = [];
  readonly #clock: Clock;
  readonly #faults: FaultPlan;
  readonly #latencyMs: (action: MemoryAction) => number;

  constructor({ clock, faults = new FaultPlan(), latencyMs = () => 0 }: MemoryCallsOptions) {
    this.#clock = clock;
    this.#faults = faults;
    this.#latencyMs = latencyMs;
  }

  /** @param caller id of the node */
  async send<T>(
    { caller, ...parameters }: Omit<MemoryCall, "startedMs"> & { readonly caller: string },
    { signal }: CallOptions,
    apply: (atMost: number) => T,
  ): Promise<T> {
    const { action, change, request, ref } = parameters;
    if (signal.aborted) throw new PodwireError("CANCELLED", `${action} was cancelled before it was sent`);
    this.log.push({ ...parameters, startedMs: this.#clock.bootMs() });
    const injection = this.#faults.consult({ action, caller, parameters: change ?? request ?? ref });
    const halfMs = this.#latencyMs(action) / 2;
    const delays = {
      delayBeforeMs: injection.delayBeforeMs + halfMs,
      delayAfterMs: injection.delayAfterMs + halfMs,
    };
    const onItsWay = callWithFaults(this.#clock, { ...injection, ...delays }, apply);
    const abortCode = mutates[action] ? "CLOUD_OUTCOME_UNKNOWN" : "CANCELLED";
    const aborted = () => new PodwireError(abortCode, `${action} was aborted on its way`);
    const outcome = await unlessAborted(onItsWay, signal, aborted);
    return answerOf(action, outcome);
  }
}

export function isMutation({ action }: MemoryCall): boolean {
  return mutates[action];
}

function answerOf<T>(action: MemoryAction, outcome: FaultyOutcome<T>): T {
  if (outcome.kind === "answered") return outcome.answer;
  if (outcome.kind === "lost") {
    const code = mutates[action] ? "CLOUD_OUTCOME_UNKNOWN" : "CLOUD_UNREACHABLE";
    throw new PodwireError(code, `the answer to ${action} was lost`, { details: `${action}: ${outcome.how}` });
  }
  const { code, message, retryAfterMs } = outcome.fail;
  if (!(code in errorCodes)) throw new PodwireError("INTERNAL", `a fault rule names the unknown code ${code}`);
  throw new PodwireError(code as ErrorCode, message ?? `${action} was refused by the fault plan`, {
    details: action,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Hanging up does not stop what is on its way: it only stops waiting. */
function unlessAborted<T>(work: Promise<T>, signal: CallOptions["signal"], error: () => PodwireError): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(error());
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
