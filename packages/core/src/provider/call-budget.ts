/** How many calls of one class may be sent. Rates are calls a second. */
export interface BudgetLimits {
  readonly burst: number;
  readonly ratePerSecond: number;
  /** The rate never falls below this, however often the cloud throttles. */
  readonly leastRatePerSecond: number;
}

/** The level of a token bucket at one time; the rate is what throttling has left of it. */
export interface Budget {
  readonly tokens: number;
  readonly ratePerSecond: number;
  readonly atMs: number;
  /** The cloud asked for silence until then. */
  readonly silentUntilMs: number;
}

export function fullBudget({ burst, ratePerSecond }: BudgetLimits, nowMs: number): Budget {
  return { tokens: burst, ratePerSecond, atMs: nowMs, silentUntilMs: nowMs };
}

/** The budget after one call has been taken from it; how long that call has to wait before it is sent. Pure. */
export function takeCall(
  budget: Budget,
  limits: BudgetLimits,
  nowMs: number,
): { readonly budget: Budget; readonly waitMs: number } {
  const refilled = refill(budget, limits, nowMs);
  // A debt: those who come later wait behind.
  const tokens = refilled.tokens - 1;
  const owedMs = tokens >= 0 ? 0 : (-tokens / refilled.ratePerSecond) * 1000;
  return { budget: { ...refilled, tokens }, waitMs: Math.max(owedMs, refilled.silentUntilMs - nowMs, 0) };
}

/** The call was not sent after all. Pure. */
export function returnCall(budget: Budget, limits: BudgetLimits): Budget {
  return { ...budget, tokens: Math.min(budget.tokens + 1, limits.burst) };
}

/**
 * The cloud throttled a call: half the rate, nothing left of the burst, silence for as long as it named. Pure.
 */
export function throttle(
  budget: Budget,
  limits: BudgetLimits,
  at: { readonly nowMs: number; readonly retryAfterMs: number },
): Budget {
  const refilled = refill(budget, limits, at.nowMs);
  return {
    ...refilled,
    tokens: Math.min(refilled.tokens, 0),
    ratePerSecond: Math.max(refilled.ratePerSecond / 2, limits.leastRatePerSecond),
    silentUntilMs: Math.max(refilled.silentUntilMs, at.nowMs + at.retryAfterMs),
  };
}

/** A call went through: the rate recovers by a tenth of what it was. Pure. */
export function recover(budget: Budget, limits: BudgetLimits, nowMs: number): Budget {
  const ratePerSecond = Math.min(budget.ratePerSecond + limits.ratePerSecond / 10, limits.ratePerSecond);
  return { ...refill(budget, limits, nowMs), ratePerSecond };
}

function refill(budget: Budget, { burst }: BudgetLimits, nowMs: number): Budget {
  const earned = (Math.max(nowMs - budget.atMs, 0) / 1000) * budget.ratePerSecond;
  return { ...budget, tokens: Math.min(budget.tokens + earned, burst), atMs: Math.max(nowMs, budget.atMs) };
}
