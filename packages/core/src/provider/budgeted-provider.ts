import { isPodwireError, PodwireError } from "../errors/podwire-error.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import { type Budget, type BudgetLimits, fullBudget, recover, returnCall, takeCall, throttle } from "./call-budget.ts";
import type { CallOptions, CloudProvider } from "./cloud-provider.ts";

/** Reads and changes have budgets of their own in every cloud: describing must not use up what growth needs. */
export type CallClass = "read" | "change";

/**
 * What one node allows itself. Accounts share their limits among all nodes (EC2 refills 5 changes and 20 describes a
 * second for a whole region), so that a node with a fault must not use up what the others need. A burst of pods on an
 * empty node fits in.
 */
export const defaultBudgets: Readonly<Record<CallClass, BudgetLimits>> = {
  read: { burst: 20, ratePerSecond: 4, leastRatePerSecond: 0.1 },
  change: { burst: 16, ratePerSecond: 2, leastRatePerSecond: 0.1 },
};

/**
 * The same provider with a token bucket before each class of calls: its rate halves when the cloud throttles and
 * recovers with each call that goes through; what the cloud says of waiting is obeyed. A call that is cancelled while
 * it waits was not sent: CANCELLED for reads, CLOUD_THROTTLED for changes.
 */
export function budgetedProvider(
  provider: CloudProvider,
  clock: Clock,
  budgets: Readonly<Record<CallClass, BudgetLimits>> = defaultBudgets,
): CloudProvider {
  const read = createGate(clock, budgets.read, "CANCELLED");
  const change = createGate(clock, budgets.change, "CLOUD_THROTTLED");
  return {
    capabilities: provider.capabilities,
    limits: (node, options) => read(options, () => provider.limits(node, options)),
    network: (node, options) => read(options, () => provider.network(node, options)),
    describe: (node, options) => read(options, () => provider.describe(node, options)),
    changeBlocks: (request, options) => change(options, () => provider.changeBlocks(request, options)),
    createInterface: (request, options) => change(options, () => provider.createInterface(request, options)),
    deleteInterface: (ref, options) => change(options, () => provider.deleteInterface(ref, options)),
    orphans: (scope, options) => read(options, () => provider.orphans(scope, options)),
  };
}

type Gate = <T>(options: CallOptions, call: () => Promise<T>) => Promise<T>;

function createGate(clock: Clock, limits: BudgetLimits, unsent: "CANCELLED" | "CLOUD_THROTTLED"): Gate {
  let budget: Budget = fullBudget(limits, clock.bootMs());
  const pass = async (signal: CancelSignal) => {
    const taken = takeCall(budget, limits, clock.bootMs());
    budget = taken.budget;
    try {
      if (taken.waitMs > 0) await sleep(clock, taken.waitMs, signal);
      // Others may have been throttled meanwhile.
      for (let nowMs = clock.bootMs(); nowMs < budget.silentUntilMs; nowMs = clock.bootMs()) {
        await sleep(clock, budget.silentUntilMs - nowMs, signal);
      }
    } catch {
      budget = returnCall(budget, limits);
      const waited = "the call waited for its turn among podwire's own calls and was not sent";
      throw new PodwireError(unsent, waited, { details: `at ${budget.ratePerSecond.toFixed(1)} calls a second` });
    }
  };
  return async (options, call) => {
    await pass(options.signal);
    try {
      const answer = await call();
      budget = recover(budget, limits, clock.bootMs());
      return answer;
    } catch (error) {
      if (isPodwireError(error, "CLOUD_THROTTLED")) {
        budget = throttle(budget, limits, { nowMs: clock.bootMs(), retryAfterMs: error.retryAfterMs ?? 0 });
      }
      throw error;
    }
  };
}
