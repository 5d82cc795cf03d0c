import type { Address } from "@podwire/core";
import type { CloudState } from "./world.ts";

/** Something changed in the cloud. `by`: the action, or `back-door`. */
export interface CloudChange {
  readonly kind: "assigned" | "unassigned" | "created" | "attached" | "modified" | "detached" | "deleted";
  readonly networkInterfaceId: string;
  /** Secondary ones that came or went with it. */
  readonly addresses: readonly Address[];
  readonly by: string;
}

export type CloudListener = (change: CloudChange, state: CloudState) => void;
