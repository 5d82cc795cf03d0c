import type { Address } from "../address/address.ts";
import type { Cidr } from "../address/cidr.ts";
import type { AttachmentKey } from "../cni/attachment-key.ts";
import type {
  AddressRecord,
  AttachmentRecord,
  BlockRecord,
  InterfaceRecord,
  OperationRecord,
  TombstoneRecord,
} from "./records.ts";

/** Facts that are one value each. Values are JSON texts of at most 1 MiB. */
export type MetaKey = "boot-id" | "node" | "limits" | "network";

/** One step of state. A `put` replaces the record with the same key; a `delete` of what is absent is no error. */
export type StateChange =
  | { readonly put: "meta"; readonly key: MetaKey; readonly value: string }
  | { readonly put: "interface"; readonly record: InterfaceRecord }
  | { readonly put: "block"; readonly record: BlockRecord }
  | { readonly put: "address"; readonly record: AddressRecord }
  | { readonly put: "attachment"; readonly record: AttachmentRecord }
  | { readonly put: "operation"; readonly record: OperationRecord }
  | { readonly put: "tombstone"; readonly record: TombstoneRecord }
  | { readonly delete: "interface"; readonly id: string }
  | { readonly delete: "block"; readonly cidr: Cidr }
  | { readonly delete: "address"; readonly address: Address }
  | { readonly delete: "attachment"; readonly key: AttachmentKey }
  | { readonly delete: "operation"; readonly token: string }
  | { readonly delete: "tombstone"; readonly interfaceId: string; readonly cidr: Cidr };
