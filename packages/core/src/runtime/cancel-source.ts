import { PodwireError } from "../errors/podwire-error.ts";
import type { CancelSignal } from "./cancel-signal.ts";
import type { Clock } from "./clock.ts";

/** Makes a signal that its owner can abort, once. */
export interface CancelSource {
  readonly signal: CancelSignal;
  /** The first reason counts; listeners run at once, each at most once. */
  abort(reason: unknown): void;
}

export function createCancelSource(): CancelSource {
  const listeners = new Set<() => void>();
  const state = { aborted: false, reason: undefined as unknown };
  return {
    signal: {
      get aborted() {
        return state.aborted;
      },
      get reason() {
        return state.reason;
      },
      addEventListener: (_type, listener) => void listeners.add(listener),
      removeEventListener: (_type, listener) => void listeners.delete(listener),
    },
    abort(reason) {
      if (state.aborted) return;
      Object.assign(state, { aborted: true, reason });
      const toRun = [...listeners];
      listeners.clear();
      for (const listener of toRun) listener();
    },
  };
}

/**
 * Runs `work` with a signal that comes when `parent` comes or when the time is over, and tidies up after it.
 * @param limit how long, and the operation's name for the reason
 */
export async function withTimeout<T>(
  clock: Clock,
  limit: { readonly timeoutMs: number; readonly op: string; readonly parent: CancelSignal },
  work: (signal: CancelSignal) => Promise<T>,
): Promise<T> {
  const source = createCancelSource();
  const follow = () => source.abort(limit.parent.reason);
  if (limit.parent.aborted) follow();
  limit.parent.addEventListener("abort", follow, { once: true });
  const cancelTimer = clock.startTimer(limit.timeoutMs, () =>
    source.abort(new PodwireError("DEADLINE_EXCEEDED", `${limit.op} took longer than ${limit.timeoutMs} ms`)),
  );
  try {
    return await work(source.signal);
  } finally {
    cancelTimer();
    limit.parent.removeEventListener("abort", follow);
  }
}
