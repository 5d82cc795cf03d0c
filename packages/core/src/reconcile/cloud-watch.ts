import type { Address } from "../address/address.ts";
import { errorFrom } from "../errors/podwire-error.ts";
import { shortageOf } from "../pool/situation.ts";
import type { Snapshot } from "../provider/cloud-facts.ts";
import type { NodeRef } from "../provider/node-ref.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import type { StateChange } from "../store/state-change.ts";
import type { CloudContext } from "./cloud-context.ts";
import { cloudFactsChanges, readCloudFacts } from "./cloud-facts-cache.ts";
import { nextRest, type Rest } from "./cloud-memory.ts";
import { type ObservationPlan, planObservation } from "./plan-observation.ts";
import { noteRecovered, planRecovered } from "./plan-recovered.ts";
import { poolSituation } from "./pool-situation.ts";
import { unknownOutcomeChanges } from "./record-outcome.ts";
import { timedCall } from "./timed-call.ts";

/** A block that one snapshot missed, or an interface that none has shown yet, is looked for again this soon. */
const suspicionMs = 1_000;
/** VPC ranges, subnets and limits are read again after this long; sooner while a subnet is short of addresses. */
const factsMaxAgeMs = 600_000;

/** Observes: compares the state with what the cloud says, again and again. */
export interface CloudWatch {
  /** The next comparison happens now, or right after the one under way. */
  refresh(): void;
  /** Until the signal it was created with is aborted. */
  run(): Promise<void>;
}

export function createCloudWatch(
  context: CloudContext,
  options: { readonly signal: CancelSignal; readonly underway: () => ReadonlySet<string> },
): CloudWatch {
  let wake: (() => void) | undefined;
  let wanted = false;

  const pause = (delayMs: number) =>
    new Promise<void>((resolve) => {
      const end = () => {
        cancelTimer();
        options.signal.removeEventListener("abort", end);
        wake = undefined;
        wanted = false;
        resolve();
      };
      const cancelTimer = context.clock.startTimer(wanted ? 0 : delayMs, end);
      wake = end;
      options.signal.addEventListener("abort", end, { once: true });
      if (options.signal.aborted) end();
    });

  return {
    refresh() {
      wanted = true;
      wake?.();
    },
    async run() {
      const node = await learnNode(context, options.signal, pause);
      let failed: Rest | undefined;
      while (!options.signal.aborted && node !== undefined) {
        failed = await look(context, { ...options, node, failed });
        await pause(failed?.delayMs ?? nextLookMs(context));
      }
    },
  };
}

function nextLookMs({ memory, settings, ledger }: CloudContext): number {
  const { intervalMs } = settings.config.reconcile;
  const isAwaited = [...ledger.state.operations.values()].some(({ state }) => state === "unknown");
  return memory.suspects.size > 0 || isAwaited ? Math.min(intervalMs, suspicionMs) : intervalMs;
}

/** Who the node is does not change; asked once a process, as long as it takes. Undefined when stopped before. */
async function learnNode(
  context: CloudContext,
  signal: CancelSignal,
  pause: (delayMs: number) => Promise<void>,
): Promise<NodeRef | undefined> {
  let rest: Rest | undefined;
  while (!signal.aborted) {
    try {
      return await timedCall(context, { op: "ask the metadata server", signal }, (inTime) =>
        context.identity.self(inTime),
      );
    } catch (thrown) {
      rest = noteFailure(context, thrown, rest);
      await pause(rest.delayMs);
    }
  }
  return undefined;
}

interface Look {
  readonly node: NodeRef;
  readonly signal: CancelSignal;
  readonly underway: () => ReadonlySet<string>;
  readonly failed: Rest | undefined;
}

/** One comparison. Undefined on success, else how long to rest. */
async function look(context: CloudContext, options: Look): Promise<Rest | undefined> {
  try {
    await refreshFacts(context, options);
    await observe(context, options);
    context.memory.failures.delete("describe");
  } catch (thrown) {
    return options.signal.aborted ? undefined : noteFailure(context, thrown, options.failed);
  }
  await context.converge();
  context.queue.serve();
  context.replan();
  return undefined;
}

/** Limits and network that are known already serve until they can be read again. */
async function refreshFacts(context: CloudContext, options: Look): Promise<void> {
  try {
    await learnFacts(context, options);
    context.memory.failures.delete("facts");
  } catch (thrown) {
    if (readCloudFacts(context.ledger.state) === undefined) throw thrown;
    const error = errorFrom(thrown);
    context.memory.failures.set("facts", error);
    context.log.warn("limits and network not read again", { code: error.code, message: error.message });
  }
}

async function learnFacts(context: CloudContext, { node, signal }: Look): Promise<void> {
  const { ledger, provider, memory, clock } = context;
  const maxAgeMs = lacksSubnets(context) ? 0 : factsMaxAgeMs;
  const isFresh = memory.factsMs !== undefined && clock.bootMs() - memory.factsMs < maxAgeMs;
  if (isFresh && readCloudFacts(ledger.state) !== undefined) return;
  const startedMs = clock.bootMs();
  const limits = await timedCall(context, { op: "read limits", signal }, (inTime) =>
    provider.limits(node, { signal: inTime }),
  );
  const network = await timedCall(context, { op: "read network", signal }, (inTime) =>
    provider.network(node, { signal: inTime }),
  );
  ledger.commit(cloudFactsChanges(ledger.state, { node, limits, network }));
  memory.factsMs = startedMs;
}

/** A pool goes short where subnets were full when they were looked at, or when they were asked. */
function lacksSubnets(context: CloudContext): boolean {
  const { settings, memory } = context;
  return settings.pools
    .flatMap((pool) => settings.families.map((family) => poolSituation(context, { pool, family })))
    .filter((situation) => shortageOf(situation) > 0)
    .some(({ subnets }) => subnets.some(({ id, freeAddresses }) => freeAddresses === 0 || memory.subnetRests.has(id)));
}

async function observe(context: CloudContext, { node, signal, underway }: Look): Promise<void> {
  const { ledger, provider, memory, host, log } = context;
  ledger.commit(orphanedOperations(context, underway()));
  const snapshot = await timedCall(context, { op: "describe the node", signal }, (inTime) =>
    provider.describe(node, { signal: inTime }),
  );
  const hostAddresses = new Set<Address>();
  for (const { addresses } of await host.interfaces()) for (const { address } of addresses) hostAddresses.add(address);
  const plan = planObservation({
    state: ledger.state,
    snapshot,
    suspects: memory.suspects,
    confirmed: memory.confirmed,
    mutationEndsMs: memory.mutationEndsMs,
    hostAddresses,
    cooldownOf: (pool) => context.settings.identityOf(pool).cooldownMs,
    poolFor: context.settings.poolFor,
  });
  ledger.commit([...plan.changes, ...planRecovered(context, plan.adopted)]);
  noteRecovered(context, plan.adopted);
  remember(context, snapshot, plan);
  if (plan.lost.length > 0) log.error("cloud took blocks that pods use", { blocks: plan.lost });
  if (plan.gone.length > 0) log.warn("cloud took blocks", { blocks: plan.gone });
  if (plan.adopted.length > 0) log.info("blocks found", { blocks: plan.adopted });
}

function remember(context: CloudContext, snapshot: Snapshot, { suspects, hidden }: ObservationPlan): void {
  const { memory, ledger, clock } = context;
  memory.suspects = suspects;
  memory.hidden = new Set(hidden);
  for (const { blocks } of snapshot.interfaces) for (const cidr of blocks) memory.confirmed.add(cidr);
  for (const cidr of memory.confirmed) if (!ledger.state.blocks.has(cidr)) memory.confirmed.delete(cidr);
  memory.describedMs = clock.bootMs();
  forgetFailures(context);
}

/**
 * Whatever was unknown has been told now, and a pool that has what it wants no longer fails to grow. A reason that the
 * cloud gave stays for those who wait.
 */
function forgetFailures(context: CloudContext): void {
  const { memory, ledger, settings, queue } = context;
  const busy = new Set([...ledger.state.operations.values()].map(({ pool }) => pool));
  for (const pool of settings.pools) {
    if (busy.has(pool)) continue;
    for (const failures of Object.values(memory.poolFailures)) {
      const failure = failures.get(pool);
      const isTold =
        failure?.code === "CLOUD_OUTCOME_UNKNOWN" || (failure?.retry === "ask-first" && queue.waiters(pool) === 0);
      if (isTold) failures.delete(pool);
    }
    const situations = settings.families.map((family) => poolSituation(context, { pool, family }));
    if (situations.every((situation) => shortageOf(situation) === 0)) memory.poolFailures.growth.delete(pool);
  }
}

/** Operations written down by a process that is gone, or whose outcome could not be written down: nobody knows it. */
function orphanedOperations({ ledger, clock }: CloudContext, underway: ReadonlySet<string>): StateChange[] {
  return [...ledger.state.operations.values()]
    .filter(({ token, state }) => state === "sent" && !underway.has(token))
    .flatMap((record) => unknownOutcomeChanges(ledger.state, record, clock.bootMs()));
}

function noteFailure(context: CloudContext, thrown: unknown, last: Rest | undefined): Rest {
  const error = errorFrom(thrown);
  context.memory.failures.set("describe", error);
  const { code, message, details, retryAfterMs } = error;
  context.log.warn("cloud could not be read", { code, message, details });
  return nextRest(last, {
    nowMs: context.clock.bootMs(),
    random: context.random,
    ...(retryAfterMs === undefined ? {} : { leastMs: retryAfterMs }),
  });
}
