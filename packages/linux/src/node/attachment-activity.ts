import { type AttachmentKey, formatAttachmentKey } from "@podwire/core";

/**
 * Who is at work on which attachment. Work on one attachment happens one after the other. And `converge`, whose picture
 * of what is wanted is a moment old, learns what ADD and DEL have taken in hand since: that is not its business, or it
 * would bring a dead pod back.
 */
export interface AttachmentActivity {
  /** ADD, DEL: waits for its turn; the attachment counts as taken in hand from the call on. */
  during<T>(key: AttachmentKey, work: () => Promise<T>): Promise<T>;
  watch(): ActivityWatch;
}

export interface ActivityWatch {
  /** Formatted keys of the attachments that are or were taken in hand since the watch began. */
  readonly busy: ReadonlySet<string>;
  /** Waits for its turn, then does the work unless the attachment is busy; undefined then. */
  unlessBusy<T>(key: AttachmentKey, work: () => Promise<T>): Promise<T | undefined>;
  end(): void;
}

export function createAttachmentActivity(): AttachmentActivity {
  const inHand: string[] = [];
  const turns = new Map<string, Promise<unknown>>();
  const watches = new Set<Set<string>>();
  const inTurn = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(name) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => {});
    turns.set(name, settled);
    try {
      return await turn;
    } finally {
      if (turns.get(name) === settled) turns.delete(name);
    }
  };
  return {
    during: async (key, work) => {
      const name = formatAttachmentKey(key);
      inHand.push(name);
      for (const busy of watches) busy.add(name);
      try {
        return await inTurn(name, work);
      } finally {
        inHand.splice(inHand.indexOf(name), 1);
      }
    },
    watch: () => {
      const busy = new Set(inHand);
      watches.add(busy);
      return {
        busy,
        unlessBusy: (key, work) => {
          const name = formatAttachmentKey(key);
          return inTurn(name, async () => (busy.has(name) ? undefined : work()));
        },
        end: () => void watches.delete(busy),
      };
    },
  };
}
