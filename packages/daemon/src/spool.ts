import { constants } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  answerCni,
  type Clock,
  type CniVerbs,
  decodeFrame,
  errorFrom,
  type Frame,
  type Logger,
  type Metrics,
  neverCancelled,
  PodwireError,
  protocol,
} from "@podwire/core";

export interface SpoolOptions {
  readonly directory: string;
  readonly verbs: CniVerbs;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** DELs that clients left while no daemon answered. */
export interface Spool {
  /**
   * Carries out what lies there, oldest first, and removes what was carried out or never can be. What failed stays for
   * the next time. Never rejects. Replays never overlap: calls during one share the next.
   * @returns how many entries stayed
   */
  replay(): Promise<number>;
}

export function createSpool(options: SpoolOptions): Spool {
  let running: Promise<number> | undefined;
  let next: Promise<number> | undefined;
  const begin = () => {
    next = undefined;
    running = replayAll(options).finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    replay() {
      if (running === undefined) return begin();
      next ??= running.then(begin);
      return next;
    },
  };
}

type Outcome = "done" | "failed" | "broken";

async function replayAll(options: SpoolOptions): Promise<number> {
  const { directory, log, metrics } = options;
  let stayed = 0;
  for (const name of await entryNames(options)) {
    const outcome = await replayEntry(name, options);
    metrics.count("podwire_spool_entries_total", { outcome });
    if (outcome === "failed") stayed += 1;
    else await remove(join(directory, name), log);
  }
  return stayed;
}

/** Names of entries begin with the time at which they were made. A draft begins with a dot. */
async function entryNames(options: SpoolOptions): Promise<string[]> {
  const { directory, log } = options;
  try {
    const found = await readdir(directory, { withFileTypes: true });
    const names = found.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
    for (const draft of names.filter((name) => isAbandoned(name, options.clock)))
      await remove(join(directory, draft), log);
    return names.filter((name) => !name.startsWith(".")).sort();
  } catch (thrown) {
    log.error("spool not readable", { directory, message: errorFrom(thrown).message });
    return [];
  }
}

/** A draft whose client must have given up, or died, long ago. */
function isAbandoned(name: string, clock: Clock): boolean {
  const madeMs = /^\.(\d{15})-/.exec(name)?.[1];
  return madeMs !== undefined && Number(madeMs) + 2 * protocol.maxDeadlineMs < clock.bootMs();
}

async function replayEntry(name: string, options: SpoolOptions): Promise<Outcome> {
  const { directory, verbs, clock, log } = options;
  try {
    const frame = await readEntry(join(directory, name));
    // Its client has reached us meanwhile, and taken it back.
    if (frame === undefined) return "done";
    const { error } = await answerCni(frame, verbs, { nowMs: clock.bootMs(), signal: neverCancelled, spooled: true });
    if (error !== undefined) throw error;
    log.info("spooled DEL done", { entry: name, containerId: frame.environment.get("CNI_CONTAINERID") });
    return "done";
  } catch (thrown) {
    const { code, message } = errorFrom(thrown);
    // These say that the entry itself is no DEL; anything else may go better the next time.
    const broken = code === "DECODING_FAILURE" || code === "INVALID_ENVIRONMENT";
    log.warn(broken ? "spool entry dropped" : "spooled DEL failed", { entry: name, code, message });
    return broken ? "broken" : "failed";
  }
}

/** Undefined when it is gone. @throws DECODING_FAILURE it is no regular file, too large, or no frame */
async function readEntry(path: string): Promise<Frame | undefined> {
  const file = await openEntry(path);
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new PodwireError("DECODING_FAILURE", "the spool entry is no regular file");
    if (stats.size > protocol.maxSpoolEntryBytes)
      throw new PodwireError("DECODING_FAILURE", `the spool entry has ${stats.size} bytes`);
    return decodeFrame(await file.readFile());
  } finally {
    await file.close();
  }
}

async function openEntry(path: string) {
  try {
    // Without O_NONBLOCK, a named pipe would hold the replay for ever.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT") return undefined;
    // ELOOP: a symbolic link. ENXIO: a socket.
    if (code !== "ELOOP" && code !== "ENXIO") throw cause;
    throw new PodwireError("DECODING_FAILURE", "the spool entry is no regular file", { cause });
  }
}

async function remove(path: string, log: Logger): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (thrown) {
    log.error("spool entry not removed", { path, message: errorFrom(thrown).message });
  }
}
