import type { Clock } from "@podwire/core";
import type { Ec2Action } from "../api.ts";
import type { Refusal } from "./refusal-row.ts";
import { httpStatusByCode } from "./refusals.ts";

/** As EC2 counts requests: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
export interface TokenBucket {
  readonly capacity: number;
  readonly refillPerSecond: number;
}

export interface AdmissionOptions {
  /** Actions that no caller's policy allows. */
  readonly denied?: readonly Ec2Action[];
  /** One bucket an action, shared by all callers as those of an account share it. An action without one is free. */
  readonly buckets?: Readonly<Partial<Record<Ec2Action, TokenBucket>>>;
}

/** What EC2 asks before it looks at a request: not too often, and may the caller do it. */
export class Admission {
  readonly #clock: Clock;
  readonly #denied: ReadonlySet<Ec2Action>;
  readonly #buckets: NonNullable<AdmissionOptions["buckets"]>;
  readonly #levels = new Map<Ec2Action, { readonly tokens: number; readonly atMs: number }>();

  constructor(clock: Clock, { denied = [], buckets = {} }: AdmissionOptions) {
    this.#clock = clock;
    this.#denied = new Set(denied);
    this.#buckets = buckets;
  }

  /** Takes a token; a call that is throttled costs none. */
  refusalOf(action: Ec2Action): Refusal | undefined {
    if (!this.#take(action)) return refuse("RequestLimitExceeded", "Request limit exceeded.");
    if (!this.#denied.has(action)) return undefined;
    return refuse("UnauthorizedOperation", "You are not authorized to perform this operation.");
  }

  #take(action: Ec2Action): boolean {
    const bucket = this.#buckets[action];
    if (bucket === undefined) return true;
    const nowMs = this.#clock.bootMs();
    const last = this.#levels.get(action) ?? { tokens: bucket.capacity, atMs: nowMs };
    const refilled = last.tokens + ((nowMs - last.atMs) * bucket.refillPerSecond) / 1000;
    const tokens = Math.min(refilled, bucket.capacity);
    if (tokens < 1) return false;
    this.#levels.set(action, { tokens: tokens - 1, atMs: nowMs });
    return true;
  }
}

function refuse(code: string, message: string): Refusal {
  return { code, message, httpStatus: httpStatusByCode[code] ?? 400 };
}
