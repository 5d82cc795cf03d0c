import type { Limits, NetworkFacts } from "../provider/cloud-facts.ts";
import type { NodeRef } from "../provider/node-ref.ts";
import type { NodeState } from "../store/node-state.ts";
import type { StateChange } from "../store/state-change.ts";

/** What the cloud told about the node itself, kept in the store so that a restarted daemon needs no cloud to serve. */
export interface CloudFacts {
  readonly node: NodeRef;
  readonly limits: Limits;
  readonly network: NetworkFacts;
}

export function readCloudFacts(state: NodeState): CloudFacts | undefined {
  const [node, limits, network] = (["node", "limits", "network"] as const).map((key) => state.meta.get(key));
  if (node === undefined || limits === undefined || network === undefined) return undefined;
  // Written by `cloudFactsChanges` in this boot; the store answers for it.
  return {
    node: JSON.parse(node) as NodeRef,
    limits: JSON.parse(limits) as Limits,
    network: JSON.parse(network) as NetworkFacts,
  };
}

/** Only what differs from what is known. */
export function cloudFactsChanges(state: NodeState, facts: CloudFacts): StateChange[] {
  const values = { node: facts.node, limits: facts.limits, network: facts.network };
  return (["node", "limits", "network"] as const)
    .map((key) => ({ put: "meta" as const, key, value: JSON.stringify(values[key]) }))
    .filter((change) => state.meta.get(change.key) !== change.value);
}
