/**
 * One point on which the kernel, the store and the cloud do not agree, or something left over that none should hold.
 */
export interface Contradiction {
  readonly kind: /** The store counts on a block that the cloud does not have on that interface. */
    | "block-not-in-cloud"
    /** The cloud holds a block on an interface of ours that the store does not know. */
    | "block-not-in-store"
    /** Packets to free addresses of a block would loop between node and cloud: its `unreachable` route is missing. */
    | "block-not-in-kernel"
    | "interface-not-in-cloud"
    | "interface-not-in-store"
    /** The cloud and the store know the interface, the kernel does not show it. */
    | "interface-not-in-kernel"
    /** An attachment holds an address that lies in no block the store counts on. */
    | "address-without-block"
    /** Two attachments hold one address. */
    | "address-shared"
    /** A verb that ended left its attachment half-way. */
    | "attachment-unfinished"
    | "attachment-not-in-kernel"
    | "attachment-not-in-store"
    /** The kernel routes other addresses to an attachment than the store says. */
    | "attachment-addresses-differ"
    /** A route or neighbour of podwire's for an address that no attachment, or a block that no store, holds. */
    | "kernel-leftover"
    /** A call to the cloud that is still written down although nothing is under way. */
    | "operation-leftover";
  /** The interface, block, address or attachment it is about. */
  readonly subject: string;
  readonly message: string;
}
