import type { Clock } from "@podwire/core";
import { type ArmAction, armActions } from "../api.ts";
import type { Refusal } from "./refusal-row.ts";
import type { FakeAction } from "./route-of-request.ts";

/** As ARM counts requests: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling */
export interface TokenBucket {
  readonly capacity: number;
  readonly refillPerSecond: number;
}

export interface AdmissionOptions {
  /** Actions that no caller's role allows. */
  readonly denied?: readonly ArmAction[];
  /** Of the subscription, shared by all callers. Without one it is free. */
  readonly reads?: TokenBucket;
  readonly writes?: TokenBucket;
}

interface Level {
  readonly tokens: number;
  readonly atMs: number;
}

/** What ARM asks before it looks at a request: not too often, and may the caller do it. */
export class Admission {
  readonly #clock: Clock;
  readonly #options: AdmissionOptions;
  readonly #levels = new Map<"reads" | "writes", Level>();

  constructor(clock: Clock, options: AdmissionOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Takes a token; a call that is throttled costs none. */
  refusalOf(action: FakeAction): Refusal | undefined {
    const known = action in armActions ? (action as ArmAction) : undefined;
    const kind = isWrite(action) ? "writes" : "reads";
    const waitSeconds = this.#take(kind);
    if (waitSeconds > 0) {
      const message = "The request is being throttled as the limit has been reached for the subscription.";
      return { code: "SubscriptionRequestsThrottled", httpStatus: 429, message, retryAfterSeconds: waitSeconds };
    }
    if (known === undefined || !(this.#options.denied ?? []).includes(known)) return undefined;
    const message = `The client does not have authorization to perform action '${armActions[known].permission}'.`;
    return { code: "AuthorizationFailed", httpStatus: 403, message };
  }

  /** Seconds to wait; 0 when a token was taken. */
  #take(kind: "reads" | "writes"): number {
    const bucket = this.#options[kind];
    if (bucket === undefined) return 0;
    const nowMs = this.#clock.bootMs();
    const last = this.#levels.get(kind) ?? { tokens: bucket.capacity, atMs: nowMs };
    const tokens = Math.min(last.tokens + ((nowMs - last.atMs) * bucket.refillPerSecond) / 1000, bucket.capacity);
    if (tokens < 1) return Math.max(Math.ceil((1 - tokens) / bucket.refillPerSecond), 1);
    this.#levels.set(kind, { tokens: tokens - 1, atMs: nowMs });
    return 0;
  }
}

function isWrite(action: FakeAction): boolean {
  return action.endsWith("createOrUpdate") || action.endsWith("delete");
}
