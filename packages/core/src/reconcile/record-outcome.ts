import { type Cidr, hostCidr } from "../address/cidr.ts";
import type { PoolAction } from "../pool/pool-action.ts";
import { forgetBlock } from "../pool/release.ts";
import type { BlockOutcome } from "../provider/cloud-provider.ts";
import type { NodeState } from "../store/node-state.ts";
import type { OperationRecord } from "../store/records.ts";
import type { StateChange } from "../store/state-change.ts";

export interface ActionOutcome extends BlockOutcome {
  /** Of the interface that was created. */
  readonly interfaceId?: string;
}

/** The action as it is written down before the call. Pure. */
export function plannedOperation(
  action: PoolAction,
  facts: { readonly pool: string; readonly token: string; readonly startedMs: number },
): OperationRecord {
  const common = { ...facts, state: "sent" } as const;
  if (action.kind === "unassign" || action.kind === "delete-interface") {
    return { ...common, kind: action.kind, interfaceId: action.interfaceId, request: { remove: action.blocks } };
  }
  const add = { ...action.blockKind, count: action.count };
  return action.kind === "assign"
    ? { ...common, kind: "assign", interfaceId: action.interfaceId, request: { add } }
    : { ...common, kind: "create-interface", request: { add, subnetId: action.subnetId } };
}

/**
 * What a known outcome changes: added blocks are ready, removed ones are gone, the others are ready again. A new
 * interface comes with the first describe that shows it, one way into the state and not two: until then its operation
 * stands with its id, so that its addresses are not asked for again. Pure.
 */
export function outcomeChanges(
  state: NodeState,
  done: { readonly operation: OperationRecord; readonly outcome: ActionOutcome; readonly nowMs: number },
): StateChange[] {
  const { operation, outcome, nowMs } = done;
  if (outcome.interfaceId !== undefined) {
    return unknownOutcomeChanges(state, { ...operation, interfaceId: outcome.interfaceId }, nowMs);
  }
  const interfaceId = operation.interfaceId ?? "";
  const removed = new Set(outcome.removed);
  const kept = (operation.request.remove ?? []).filter((cidr) => !removed.has(cidr));
  return [
    ...outcome.removed.flatMap((cidr): StateChange[] => [
      ...forgetBlock(state, cidr),
      { put: "tombstone", record: { interfaceId, cidr, releasedMs: nowMs } },
    ]),
    ...reopenBlocks(state, kept, nowMs),
    ...outcome.added.flatMap((cidr): StateChange[] => [
      { delete: "tombstone", interfaceId, cidr },
      { put: "block", record: { cidr, interfaceId, state: "ready", sinceMs: nowMs } },
    ]),
    ...(operation.kind === "delete-interface" ? forgetInterface(state, interfaceId, nowMs) : []),
    { delete: "operation", token: operation.token },
  ];
}

/** A tombstone for its own addresses stands for the interface: a lagging view must not bring it back either. */
function forgetInterface(state: NodeState, interfaceId: string, nowMs: number): StateChange[] {
  const own = state.interfaces.get(interfaceId)?.primaryAddresses ?? [];
  return [
    ...own.map((address): StateChange => {
      return { put: "tombstone", record: { interfaceId, cidr: hostCidr(address), releasedMs: nowMs } };
    }),
    { delete: "interface", id: interfaceId },
  ];
}

/**
 * Nobody knows what came of the operation: a describe that starts from now on tells. Blocks on their way out are
 * stamped anew, because from now on it takes a while until a lagging view can be told from the truth. Pure.
 */
export function unknownOutcomeChanges(state: NodeState, operation: OperationRecord, nowMs: number): StateChange[] {
  const restamped = (operation.request.remove ?? []).flatMap((cidr): StateChange[] => {
    const block = state.blocks.get(cidr);
    return block?.state === "releasing" ? [{ put: "block", record: { ...block, sinceMs: nowMs } }] : [];
  });
  return [...restamped, { put: "operation", record: { ...operation, state: "unknown", endedMs: nowMs } }];
}

/** Blocks whose release did not happen. Pure. */
export function reopenBlocks(state: NodeState, blocks: readonly Cidr[], nowMs: number): StateChange[] {
  return blocks.flatMap((cidr): StateChange[] => {
    const block = state.blocks.get(cidr);
    return block?.state === "releasing" ? [{ put: "block", record: { ...block, state: "ready", sinceMs: nowMs } }] : [];
  });
}
