import type { Address, Cidr } from "@podwire/core";
import type { CloudState } from "./world.ts";

/** Something changed in the cloud. `by`: the action, or `back-door`. */
export interface CloudChange {
  readonly kind: "assigned" | "unassigned" | "created" | "attached" | "modified" | "detached" | "deleted";
  readonly networkInterfaceId: string;
  /** Those that came or went with it, without the interface's primary IPv4 address. */
  readonly addresses: readonly Address[];
  /** Likewise; absent when none. */
  readonly prefixes?: readonly Cidr[];
  readonly by: string;
}

export type CloudListener = (change: CloudChange, state: CloudState) => void;
