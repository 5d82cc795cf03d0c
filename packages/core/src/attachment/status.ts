import { formatAttachmentKey } from "../cni/attachment-key.ts";
import { PodwireError } from "../errors/podwire-error.ts";
import { addressesOf, type NodeState } from "../store/node-state.ts";

/** A block that the cloud took away while pods use it. */
export interface LostBlock {
  readonly cidr: string;
  readonly attachments: readonly string[];
}

export function lostBlocks(state: NodeState): LostBlock[] {
  const lost = [...state.blocks.values()].filter((block) => block.state === "lost");
  return lost
    .map(({ cidr }) => ({
      cidr,
      attachments: [...addressesOf(state, cidr).values()].flatMap(({ attachment }) =>
        attachment === undefined ? [] : [formatAttachmentKey(attachment)],
      ),
    }))
    .filter(({ attachments }) => attachments.length > 0);
}

/**
 * STATUS: succeeds exactly when an ADD would. Broken pods (51) weigh more than an ADD that cannot be served (50).
 * @param obstacle why an ADD could not be served now, if so
 */
export function statusError(state: NodeState, obstacle: PodwireError | undefined): PodwireError | undefined {
  const lost = lostBlocks(state);
  if (lost.length > 0) {
    const pods = lost.flatMap(({ cidr, attachments }) => attachments.map((name) => `${name} (${cidr})`));
    const count = pods.length === 1 ? "one running pod" : `${pods.length} running pods`;
    return new PodwireError("LIMITED_CONNECTIVITY", `the cloud no longer delivers to ${count}`, {
      details: pods.join(", "),
    });
  }
  if (obstacle === undefined) return undefined;
  return new PodwireError("NOT_READY", obstacle.message, { details: obstacle.code, cause: obstacle });
}
