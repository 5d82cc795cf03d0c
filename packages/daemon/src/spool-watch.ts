import { watch } from "node:fs";
import { type Clock, errorFrom, type Logger } from "@podwire/core";
import type { Spool } from "./spool.ts";

/** When entries that failed are tried again, and how often a directory is looked at that cannot be watched. */
const retryMs = 30_000;

export interface SpoolWatchOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Replays the spool whenever its directory changes, and again while entries stay. Returns what ends it. */
export function watchSpool(spool: Spool, { directory, clock, log }: SpoolWatchOptions): () => void {
  let cancelRetry = () => {};
  let ended = false;
  let watched = true;
  const replay = async () => {
    const stayed = await spool.replay();
    cancelRetry();
    if (!ended && (stayed > 0 || !watched)) cancelRetry = clock.startTimer(retryMs, replay);
  };
  const blind = (thrown: unknown) => {
    watched = false;
    log.warn("spool not watched, looking at it from time to time", { directory, message: errorFrom(thrown).message });
    void replay();
  };
  const endWatch = startWatch(directory, replay, blind);
  // Before the first replay nobody looked: an entry that fails then must be tried again like any other.
  if (watched) void replay();
  return () => {
    ended = true;
    cancelRetry();
    endWatch();
  };
}

function startWatch(directory: string, onChange: () => void, onFailure: (thrown: unknown) => void): () => void {
  try {
    const watcher = watch(directory, onChange);
    watcher.on("error", onFailure);
    return () => watcher.close();
  } catch (thrown) {
    onFailure(thrown);
    return () => {};
  }
}
