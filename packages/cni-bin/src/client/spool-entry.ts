import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { PodwireError } from "@podwire/core/cni";
import { protocol } from "@podwire/core/rpc";
import type { Call } from "./call.ts";

/**
 * Keeps a DEL for the daemon that will start some day. On return the entry survives the death of the machine's power
 * supply as far as the file system does: content before name, name before return.
 * @returns the path of the entry
 * @throws DAEMON_UNREACHABLE the entry is too large, the spool is full or cannot be written
 */
export function spoolFrame(call: Call, frame: Uint8Array): string {
  if (frame.length > protocol.maxSpoolEntryBytes)
    throw refusal(`it has ${frame.length} bytes, more than ${protocol.maxSpoolEntryBytes}`);
  const directory = `${call.runDirectory}/${protocol.spoolName}`;
  try {
    makeDirectory(call.runDirectory);
    makeDirectory(directory);
    const entries = readdirSync(directory).filter((name) => !name.startsWith("."));
    if (entries.length >= protocol.maxSpoolEntries) throw refusal(`the spool holds ${entries.length} already`);
    return writeEntry(directory, entryName(call), frame);
  } catch (error) {
    if (error instanceof PodwireError) throw error;
    const code = error instanceof Error && "code" in error ? error.code : String(error);
    throw refusal(`${directory} cannot be written (${code})`);
  }
}

/** Names sort by time. Nothing of the request is in them: a hostile containerID reaches no path. */
function entryName(call: Call): string {
  const time = String(Math.trunc(call.madeMs)).padStart(15, "0");
  return `${time}-${process.pid}-${randomBytes(8).toString("hex")}`;
}

function writeEntry(directory: string, name: string, frame: Uint8Array): string {
  const draft = `${directory}/.${name}`;
  const entry = `${directory}/${name}`;
  try {
    withDescriptor(draft, "wx", (descriptor) => {
      writeFileSync(descriptor, frame);
      fsyncSync(descriptor);
    });
    renameSync(draft, entry);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  withDescriptor(directory, "r", fsyncSync);
  return entry;
}

function withDescriptor(path: string, flags: string, act: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, 0o600);
  try {
    act(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

function refusal(reason: string): PodwireError {
  return new PodwireError("DAEMON_UNREACHABLE", "podwired does not answer, and the DEL cannot be kept for it", {
    details: reason,
  });
}
