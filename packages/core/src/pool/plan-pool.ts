import { planGrowth } from "./plan-growth.ts";
import { planRelease } from "./plan-release.ts";
import type { PoolAction } from "./pool-action.ts";
import { type PoolSituation, shortageOf } from "./situation.ts";

/**
 * What to ask the cloud for now. Pure; called again whenever anything changed, so it plans no second step: at most one
 * action an interface. Here, and nowhere else, is decided that an address is requested from the cloud or given back.
 */
export function planPool(situation: PoolSituation, nowMs: number): PoolAction[] {
  const shortage = shortageOf(situation);
  return shortage > 0 ? planGrowth(situation, shortage, nowMs) : planRelease(situation, nowMs);
}
