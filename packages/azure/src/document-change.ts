import { type CallOptions, isPodwireError, PodwireError, sleep } from "@podwire/core";
import type { Acceptance, ArmResource } from "./api.ts";
import type { ArmCall } from "./errors.ts";
import { failureOfOperation, type OperationTools, outcomeUnknown } from "./operation.ts";

/** One document of ARM that is read, changed and written as a whole. */
export interface DocumentEdit<D> {
  readonly call: ArmCall;
  read(options: CallOptions): Promise<D>;
  /** From the document as it is now; undefined when there is nothing to do. */
  edit(before: D): D | undefined;
  write(document: D, options: CallOptions): Promise<Acceptance>;
}

export interface DocumentChange<D> {
  readonly before: D;
  /** As it stands at the end, whatever became of the write. */
  readonly after: D;
  /** The operation ended in this error; all or part of the change may be there all the same. */
  readonly failure?: PodwireError;
}

/**
 * Read, edit, write with the etag, follow the operation, read again. Where somebody else was faster it starts anew with
 * what he left: the edit says what is wanted, not what the document looks like.
 * @throws what the write was refused with, then nothing happened; CLOUD_OUTCOME_UNKNOWN
 */
export async function changeDocument<D extends ArmResource<unknown>>(
  tools: OperationTools,
  document: DocumentEdit<D>,
  options: CallOptions,
): Promise<DocumentChange<D>> {
  const deadlineMs = tools.clock.bootMs() + conflictTimeoutMs;
  for (let met: Met = { changed: 0, busy: 0 }; ; ) {
    const before = await document.read(options);
    const edited = document.edit(before);
    if (edited === undefined) return { before, after: before };
    const written = await writeOnce(tools, document, { edited, options });
    if (written.conflict === undefined) return concluded(before, written);
    met = meet(met, written.conflict);
    const waitMs = pauseMs(met, written.conflict);
    if (met.changed >= maxChanged || tools.clock.bootMs() + waitMs > deadlineMs) return concluded(before, written);
    await pause(tools, waitMs, options);
  }
}

/** How often somebody else was faster, and how often he was still at it. */
interface Met {
  readonly changed: number;
  readonly busy: number;
}

function meet({ changed, busy }: Met, { retryAfterMs }: PodwireError): Met {
  return retryAfterMs === undefined ? { changed: changed + 1, busy } : { changed, busy: busy + 1 };
}

const maxChanged = 5;

/** Operations last for seconds, and those of several writers come one after another. */
const conflictTimeoutMs = 60_000;

interface Written<D> {
  /** Somebody else was faster, or is still at it. */
  readonly conflict?: PodwireError;
  readonly failure?: PodwireError;
  /** Absent when the write was refused. */
  readonly after?: D;
}

async function writeOnce<D extends ArmResource<unknown>>(
  tools: OperationTools,
  document: DocumentEdit<D>,
  { edited, options }: { readonly edited: D; readonly options: CallOptions },
): Promise<Written<D>> {
  const { call } = document;
  let accepted: Acceptance;
  try {
    accepted = await document.write(edited, options);
  } catch (refused) {
    if (isPodwireError(refused, "CLOUD_CONFLICT")) return { conflict: refused };
    throw refused;
  }
  const failure = await failureOfOperation(tools, { call, accepted }, options);
  const after = await document.read(options).catch((thrown: unknown) => {
    throw outcomeUnknown(call, thrown);
  });
  if (failure === undefined && after.etag === edited.etag) throw outcomeUnknown(call, staleRead(after));
  if (failure === undefined) return { after };
  return { after, failure, ...(failure.code === "CLOUD_CONFLICT" ? { conflict: failure } : {}) };
}

/** Azure says that it is done, and shows the document as it was: what stands is not known yet. */
function staleRead({ id }: ArmResource<unknown>): PodwireError {
  return new PodwireError("CLOUD_CONFLICT", `${id} does not show the change yet`);
}

function concluded<D>(before: D, { after, conflict, failure }: Written<D>) {
  if (after !== undefined) return { before, after, ...(failure === undefined ? {} : { failure }) };
  throw conflict;
}

/**
 * At once where only the etag was old; two writers that meet again step aside. Where an operation goes on, twice as
 * long each time: every attempt counts as a write.
 */
function pauseMs({ changed, busy }: Met, { retryAfterMs }: PodwireError): number {
  if (retryAfterMs === undefined) return (changed - 1) * steppingAsideMs;
  return Math.max(retryAfterMs, Math.min(retryAfterMs * 2 ** (busy - 1), longestPauseMs));
}

const steppingAsideMs = 250;
const longestPauseMs = 8_000;

async function pause({ clock }: OperationTools, waitMs: number, { signal }: CallOptions): Promise<void> {
  if (waitMs === 0) return;
  await sleep(clock, waitMs, signal).catch((cause: unknown) => {
    throw new PodwireError("CANCELLED", "the change was cancelled while somebody else's went on", { cause });
  });
}
