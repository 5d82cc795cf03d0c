import {
  type AddressState,
  addressesOf,
  addressStateAt,
  addressTransitions,
  type BlockState,
  blockTransitions,
  type NodeState,
  type StateChange,
} from "@podwire/core";

/** Moves that the tables of states do not allow; a state that stays is always allowed. */
export function checkTransitions(
  before: NodeState,
  changes: readonly StateChange[],
  at: { readonly cooldownMs: number; readonly nowMs: number },
): string[] {
  const forgotten = new Set(
    changes.flatMap((change) => ("delete" in change && change.delete === "block" ? [change.cidr] : [])),
  );
  return changes.flatMap((change) => {
    if ("put" in change && change.put === "address") return checkAddress(before, change.record, at);
    if ("put" in change && change.put === "block" && !forgotten.has(change.record.cidr)) {
      return checkBlock(
        change.record.cidr,
        before.blocks.get(change.record.cidr)?.state ?? "gone",
        change.record.state,
      );
    }
    if ("delete" in change && change.delete === "block") {
      return checkBlock(change.cidr, before.blocks.get(change.cidr)?.state ?? "gone", "gone");
    }
    return [];
  });
}

function checkAddress(
  before: NodeState,
  record: Extract<StateChange, { put: "address" }>["record"],
  at: { readonly cooldownMs: number; readonly nowMs: number },
): string[] {
  const known = addressesOf(before, record.block).get(record.address);
  const from: AddressState = known === undefined ? "free" : addressStateAt(known, at.cooldownMs, at.nowMs);
  const allowed = from === record.state || addressTransitions[from][record.state] !== undefined;
  return allowed ? [] : [`${record.address} went from ${from} to ${record.state}`];
}

function checkBlock(cidr: string, from: BlockState, to: BlockState): string[] {
  const allowed = from === to || blockTransitions[from][to] !== undefined;
  return allowed ? [] : [`block ${cidr} went from ${from} to ${to}`];
}
