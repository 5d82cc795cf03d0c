import { type AttachmentKey, formatAttachmentKey } from "../cni/attachment-key.ts";

/** Where the time of one ADD went, in milliseconds. */
export interface AddTiming {
  readonly totalMs: number;
  /** Until an address was there and written down. */
  readonly waitMs: number;
  /** Writing the result down. */
  readonly storeMs: number;
  /** In the kernel. */
  readonly hostMs: number;
}

/** Timings of the attachments that this process made; for people, not for decisions. */
export interface AddTimings {
  set(key: AttachmentKey, timing: AddTiming): void;
  get(key: AttachmentKey): AddTiming | undefined;
  delete(key: AttachmentKey): void;
}

export function createAddTimings(): AddTimings {
  const timings = new Map<string, AddTiming>();
  return {
    set: (key, timing) => void timings.set(formatAttachmentKey(key), timing),
    get: (key) => timings.get(formatAttachmentKey(key)),
    delete: (key) => void timings.delete(formatAttachmentKey(key)),
  };
}
