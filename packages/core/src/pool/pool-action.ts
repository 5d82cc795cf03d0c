import type { Cidr } from "../address/cidr.ts";
import type { BlockKind } from "../provider/cloud-facts.ts";

/** One thing to ask the cloud for. */
export type PoolAction =
  | { readonly kind: "assign"; readonly interfaceId: string; readonly blockKind: BlockKind; readonly count: number }
  | {
      readonly kind: "create-interface";
      readonly subnetId: string;
      readonly blockKind: BlockKind;
      readonly count: number;
    }
  | { readonly kind: "unassign"; readonly interfaceId: string; readonly blocks: readonly Cidr[] }
  /** With all that is on it. */
  | { readonly kind: "delete-interface"; readonly interfaceId: string; readonly blocks: readonly Cidr[] };
