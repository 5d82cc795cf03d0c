import { chmodSync, closeSync, openSync, renameSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { errorFrom, isPodwireError, PodwireError, type StateStore } from "@podwire/core";
import { migrate, newestSchemaVersion, schemaVersion } from "./schema.ts";
import { createSqliteStore } from "./sqlite-store.ts";

export interface StateFile {
  readonly store: StateStore;
  /** Set when the file that was there could not be used: it lies at `path` now, and the store began empty. */
  readonly setAside?: SetAside;
}

export interface SetAside {
  /** `boot`: of an earlier boot. `schema`: of a newer podwired. `damaged`: not readable as what it should be. */
  readonly why: "boot" | "schema" | "damaged";
  readonly path: string;
  readonly details: string;
}

export interface StateFileOptions {
  /** The file, in a directory that exists. */
  readonly path: string;
  /** The kernel's id of this boot: attachments, and so the file, end with it. */
  readonly bootId: string;
}

/**
 * Opens the state file, or begins a fresh one. What cannot be used is set aside (one such file is kept), never deleted
 * on the spot and never repaired: the kernel knows enough to rebuild the state.
 * @throws STORE_FAILED the file cannot be opened or made at all
 */
export function openStateFile(options: StateFileOptions): StateFile {
  try {
    makePrivate(options.path);
    const opened = tryOpen(options);
    if ("store" in opened) return opened;
    const path = moveAside(options.path);
    makePrivate(options.path);
    const fresh = tryOpen(options);
    if ("store" in fresh) return { store: fresh.store, setAside: { ...opened, path } };
    throw new PodwireError("STORE_FAILED", `a fresh state file ${options.path} is not usable`, fresh);
  } catch (cause) {
    if (isPodwireError(cause, "STORE_FAILED")) throw cause;
    const details = errorFrom(cause).message;
    throw new PodwireError("STORE_FAILED", `the state file ${options.path} cannot be opened`, { details, cause });
  }
}

type Unusable = Omit<SetAside, "path">;

/** SQLite makes its -wal and -shm files with the mode of the file itself. */
function makePrivate(path: string): void {
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
}

function tryOpen(options: StateFileOptions): { readonly store: StateStore } | Unusable {
  const database = new DatabaseSync(options.path, { timeout: 1000 });
  try {
    const unusable = prepare(database, options.bootId);
    if (unusable === undefined) return { store: checkedStore(database, options) };
    database.close();
    return unusable;
  } catch (error) {
    database.close();
    if (isDamage(error)) return { why: "damaged", details: errorFrom(error).message };
    throw error;
  }
}

function prepare(database: DatabaseSync, bootId: string): Unusable | undefined {
  const version = schemaVersion(database);
  if (version > newestSchemaVersion) return { why: "schema", details: `version ${version}` };
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  // Not quick_check: an index that does not match its table would make two rows of one key.
  const verdict = String(database.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"]);
  if (verdict !== "ok") return { why: "damaged", details: verdict };
  const broken = database.prepare("PRAGMA foreign_key_check").get();
  if (broken !== undefined) return { why: "damaged", details: `a row of ${broken["table"]} has no parent` };
  migrate(database);
  return stampBoot(database, bootId);
}

/** A file without the stamp is as good as fresh: the stamp is the first thing written to it. */
function stampBoot(database: DatabaseSync, bootId: string): Unusable | undefined {
  database
    .prepare("INSERT INTO meta(key, value) VALUES('boot-id', ?) ON CONFLICT DO NOTHING")
    .run(JSON.stringify(bootId));
  const stamp = String(database.prepare("SELECT value FROM meta WHERE key = 'boot-id'").get()?.["value"]);
  return stamp === JSON.stringify(bootId) ? undefined : { why: "boot", details: `boot ${stamp}` };
}

/** Reads everything once: a row that does not parse shows now, not in the middle of recovery. */
function checkedStore(database: DatabaseSync, options: StateFileOptions): StateStore {
  const store = createSqliteStore(database, options.path);
  store.load();
  return store;
}

/** SQLITE_ERROR (a table or column is not there), SQLITE_CORRUPT, SQLITE_NOTADB, or a row that does not parse. */
function isDamage(thrown: unknown): boolean {
  const error = isPodwireError(thrown) ? thrown.cause : thrown;
  if (error instanceof SyntaxError) return true;
  const errcode = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : -1;
  return [1, 11, 26].includes(errcode);
}

function moveAside(path: string): string {
  const aside = `${path}.set-aside`;
  for (const suffix of ["", "-wal", "-shm"]) {
    rmSync(`${aside}${suffix}`, { force: true });
    moveIfThere(`${path}${suffix}`, `${aside}${suffix}`);
  }
  return aside;
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
