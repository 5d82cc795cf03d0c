import { type Cidr, cidrFamily } from "../address/cidr.ts";
import { errorFrom, PodwireError } from "../errors/podwire-error.ts";
import type { PoolAction } from "../pool/pool-action.ts";
import { warmAddresses } from "../pool/situation.ts";
import type { NodeRef } from "../provider/node-ref.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import { withTimeout } from "../runtime/cancel-source.ts";
import { blocksOn } from "../store/node-state.ts";
import type { OperationRecord } from "../store/records.ts";
import type { StateChange } from "../store/state-change.ts";
import { directionOf, restAfter, wakeAfter } from "./back-off.ts";
import type { CloudContext } from "./cloud-context.ts";
import { poolSituation } from "./pool-situation.ts";
import {
  type ActionOutcome,
  outcomeChanges,
  plannedOperation,
  reopenBlocks,
  unknownOutcomeChanges,
} from "./record-outcome.ts";

export interface ActionRun {
  readonly pool: string;
  readonly node: NodeRef;
  readonly signal: CancelSignal;
  /** Runs a call once one of the places for calls in flight is free. */
  readonly limit: <T>(call: () => Promise<T>) => Promise<T>;
}

export interface StartedAction {
  readonly token: string;
  /** Rejects only when the outcome could not be written down: the operation then counts as one of unknown outcome. */
  readonly done: Promise<void>;
}

/**
 * Act and record: writes the operation down (synchronously, so that the plan is still true), calls the cloud, writes
 * down what came of it.
 * @throws STORE_FAILED nothing was sent
 */
export function startAction(context: CloudContext, action: PoolAction, run: ActionRun): StartedAction {
  const { ledger, clock, random } = context;
  const token = random.token();
  const operation = plannedOperation(action, { pool: run.pool, token, startedMs: clock.bootMs() });
  const releasing = "blocks" in action ? action.blocks : [];
  ledger.commit([{ put: "operation", record: operation }, ...markReleasing(context, releasing)]);
  const called = run.limit(async () => {
    if (isNoLongerWanted(context, operation)) abandon(context, operation);
    else await callAndRecord(context, operation, run);
    context.queue.serve();
    context.replan();
  });
  // A kernel that takes its time must not hold one of the places for calls to the cloud.
  return { token, done: called.then(() => context.converge()) };
}

async function callAndRecord(context: CloudContext, operation: OperationRecord, run: ActionRun): Promise<void> {
  const outcome = await callCloud(context, operation, run).catch((thrown) => errorFrom(thrown));
  if (outcome instanceof PodwireError) fail(context, operation, outcome);
  else settle(context, operation, outcome);
}

function markReleasing({ ledger, clock }: CloudContext, blocks: readonly Cidr[]): StateChange[] {
  return blocks.flatMap((cidr) => {
    const block = ledger.state.blocks.get(cidr);
    const sinceMs = clock.bootMs();
    return block === undefined
      ? []
      : [{ put: "block" as const, record: { ...block, state: "releasing" as const, sinceMs } }];
  });
}

/** The premises of a release, once more right before the call: it may have waited for its place. */
function isNoLongerWanted(context: CloudContext, operation: OperationRecord): boolean {
  if (directionOf(operation) === "growth") return false;
  const { settings, ledger } = context;
  const { kind, pool, interfaceId = "", request } = operation;
  const remove = request.remove ?? [];
  const isWhole = kind !== "delete-interface" || blocksOn(ledger.state, interfaceId).length === remove.length;
  const concerned = new Set(remove.map(cidrFamily));
  const short = settings.families
    .filter((family) => concerned.has(family))
    .map((family) => poolSituation(context, { pool, family }))
    .some((left) => {
      const { waiters, counts, targets } = left;
      return waiters > 0 || counts.available < warmAddresses(left) || counts.total < targets.minimum;
    });
  return !isWhole || short;
}

function abandon(context: CloudContext, operation: OperationRecord): void {
  const { ledger, clock } = context;
  ledger.commit([
    ...reopenBlocks(ledger.state, operation.request.remove ?? [], clock.bootMs()),
    { delete: "operation", token: operation.token },
  ]);
}

async function callCloud(context: CloudContext, operation: OperationRecord, run: ActionRun): Promise<ActionOutcome> {
  const { provider, clock, settings } = context;
  const { token, request, interfaceId } = operation;
  const limit = { timeoutMs: settings.config.reconcile.callTimeoutMs, op: operation.kind, parent: run.signal };
  const add = request.add === undefined ? undefined : { kind: request.add, count: request.add.count };
  return withTimeout(clock, limit, async (signal) => {
    if (operation.kind === "delete-interface") {
      await provider.deleteInterface({ id: interfaceId ?? "", node: run.node }, { signal });
      return { added: [], removed: request.remove ?? [] };
    }
    if (interfaceId !== undefined) {
      const change = {
        token,
        node: run.node,
        interfaceId,
        ...optional("add", add),
        ...optional("remove", request.remove),
      };
      return provider.changeBlocks(change, { signal });
    }
    const created = await provider.createInterface(
      {
        token,
        node: run.node,
        scope: { clusterName: settings.config.cluster, networkId: run.node.networkId },
        pool: operation.pool,
        subnetId: request.subnetId ?? "",
        securityGroupIds: settings.growthOf(operation.pool).securityGroupIds,
        add: add === undefined ? [] : [add],
      },
      { signal },
    );
    return { added: [], removed: [], interfaceId: created.interface.id, ...optional("failure", created.failure) };
  });
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}

function settle(context: CloudContext, operation: OperationRecord, outcome: ActionOutcome): void {
  const { ledger, clock, log } = context;
  const nowMs = clock.bootMs();
  ledger.commit(outcomeChanges(ledger.state, { operation, outcome, nowMs }));
  const { added, removed, interfaceId = operation.interfaceId } = outcome;
  log.info("cloud operation done", { kind: operation.kind, interfaceId, added, removed });
  noteEnd(context, operation);
  if (operation.kind === "create-interface") context.refresh();
  if (outcome.failure === undefined) wakeAfter(context, operation);
  else restAfter(context, operation, outcome.failure);
}

function fail(context: CloudContext, operation: OperationRecord, error: PodwireError): void {
  const { ledger, clock, log } = context;
  // What no adapter has classified may have happened.
  const unknown = error.retry === "ask-first" || error.code === "INTERNAL";
  const endedMs = clock.bootMs();
  ledger.commit(
    unknown
      ? unknownOutcomeChanges(ledger.state, operation, endedMs)
      : [
          ...reopenBlocks(ledger.state, operation.request.remove ?? [], endedMs),
          { delete: "operation", token: operation.token },
        ],
  );
  const { code, message, details } = error;
  log.warn("cloud operation failed", {
    kind: operation.kind,
    interfaceId: operation.interfaceId,
    code,
    message,
    details,
  });
  noteEnd(context, operation);
  restAfter(context, operation, error);
  if (unknown) context.refresh();
}

function noteEnd({ memory, clock }: CloudContext, { interfaceId }: OperationRecord): void {
  if (interfaceId !== undefined) memory.mutationEndsMs.set(interfaceId, clock.bootMs());
}
