import type { SeededRandom } from "../random/seeded-random.ts";

/** One call as a fault plan sees it. */
export interface PlannedCall {
  readonly action: string;
  /** Who makes it, where the fake can tell (a node's id). */
  readonly caller?: string;
  readonly parameters?: unknown;
}

/** What goes wrong. */
export type FaultEffect =
  /** Refused before anything happens; the code is the fake cloud's own, or podwire's for in-memory doubles. */
  | { readonly kind: "fail"; readonly code: string; readonly message?: string; readonly retryAfterMs?: number }
  /**
   * Carried out, but the caller never reads a whole answer: the connection is reset (default), the answer ends in the
   * middle, or a proxy's 503 page comes in its place.
   */
  | { readonly kind: "lose-answer"; readonly how?: AnswerLoss }
  /** Slow before the work is done (default), or between the work and the answer. */
  | { readonly kind: "delay"; readonly delayMs: number; readonly when?: "before" | "after" }
  /** Less than what was asked is done. */
  | { readonly kind: "partial"; readonly atMost: number };

export type AnswerLoss = "reset" | "truncated" | "html-503";

/** Which calls of the action. `nth` counts from 1, over the calls the rule looks at. */
export type FaultTrigger =
  | { readonly nth: number }
  | { readonly probability: number }
  | { readonly matching: (call: PlannedCall) => boolean }
  | "always";

export interface FaultRule {
  /** Name of the action, or `*`. */
  readonly action: string;
  readonly caller?: string;
  readonly when: FaultTrigger;
  /** How often at most; default without end. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

/** All that goes wrong with one call. */
export interface Injection {
  readonly delayBeforeMs: number;
  readonly delayAfterMs: number;
  readonly fail?: Extract<FaultEffect, { kind: "fail" }>;
  readonly loss?: AnswerLoss;
  /** Infinite when nothing is cut short. */
  readonly atMost: number;
}

export interface InjectedFault {
  readonly call: PlannedCall;
  readonly effect: FaultEffect;
}

interface ActiveRule {
  readonly rule: FaultRule;
  seen: number;
  injected: number;
}

/** Faults as data, scripted or seeded. A fake asks it about every call; it keeps what it injected. */
export class FaultPlan {
  readonly #random: SeededRandom | undefined;
  readonly #rules = new Set<ActiveRule>();
  readonly #injected: InjectedFault[] = [];

  /** `random` is needed only for rules by probability. */
  constructor(rules: readonly FaultRule[] = [], random?: SeededRandom) {
    this.#random = random;
    for (const rule of rules) this.add(rule);
  }

  get injected(): readonly InjectedFault[] {
    return this.#injected;
  }

  /** Returns what takes the rule out again. */
  add(rule: FaultRule): () => void {
    const active: ActiveRule = { rule, seen: 0, injected: 0 };
    this.#rules.add(active);
    return () => this.#rules.delete(active);
  }

  /** Nothing goes wrong from now on. */
  clear(): void {
    this.#rules.clear();
  }

  /** Ask once for every call, in the order the calls arrive. Delays add up; of the rest the first rule decides. */
  consult(call: PlannedCall): Injection {
    const effects = [...this.#rules].filter((active) => this.#fires(active, call)).map((active) => active.rule.effect);
    for (const effect of effects) this.#injected.push({ call, effect });
    return mergeEffects(effects);
  }

  #fires(active: ActiveRule, call: PlannedCall): boolean {
    const { rule } = active;
    if (rule.action !== "*" && rule.action !== call.action) return false;
    if (rule.caller !== undefined && rule.caller !== call.caller) return false;
    active.seen += 1;
    if (active.injected >= (rule.times ?? Number.POSITIVE_INFINITY)) return false;
    if (!this.#triggers(rule.when, active.seen, call)) return false;
    active.injected += 1;
    return true;
  }

  #triggers(when: FaultTrigger, seen: number, call: PlannedCall): boolean {
    if (when === "always") return true;
    if ("nth" in when) return seen === when.nth;
    if ("matching" in when) return when.matching(call);
    return this.#random?.chance(when.probability) ?? false;
  }
}

function mergeEffects(effects: readonly FaultEffect[]): Injection {
  const sumOf = (when: "before" | "after") =>
    effects.reduce((sum, e) => (e.kind === "delay" && (e.when ?? "before") === when ? sum + e.delayMs : sum), 0);
  const fail = effects.find((effect) => effect.kind === "fail");
  const lost = effects.find((effect) => effect.kind === "lose-answer");
  const partial = effects.find((effect) => effect.kind === "partial");
  return {
    delayBeforeMs: sumOf("before"),
    delayAfterMs: sumOf("after"),
    ...(fail === undefined ? {} : { fail }),
    ...(lost === undefined ? {} : { loss: lost.how ?? "reset" }),
    atMost: partial?.atMost ?? Number.POSITIVE_INFINITY,
  };
}
