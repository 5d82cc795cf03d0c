import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildClient } from "@podwire/cni-bin";
import { type CancelSignal, type Clock, errorFrom, type Logger, PodwireError, quoteValue } from "@podwire/core";
import { askStatus } from "./ask-status.ts";
import { awaitReady } from "./await-ready.ts";
import { conflistText } from "./network-config.ts";
import type { InstallOptions } from "./options.ts";
import { placeFile } from "./place-file.ts";

export interface InstallPorts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: CancelSignal;
  /** Where podwired is asked; absent: its usual run directory. */
  readonly runDirectory?: string | undefined;
}

/** The name that `type` in the network configuration stands for. */
const clientName = "podwire";

/**
 * Client first, network configuration last: a runtime takes a configuration that it finds as the promise that pods can
 * be started. Interrupted anywhere, what is there is whole, and the next run goes on.
 * @throws HOST_UNFIT, NOT_READY, CANCELLED
 */
export async function install(options: InstallOptions, ports: InstallPorts): Promise<void> {
  const { clock, log, signal, runDirectory } = ports;
  const { network, waitMs } = options;
  const client = join(options.binDirectory, clientName);
  const { bytes, kind } = await clientBytes(options.client);
  const newClient = placeFile({ path: client, bytes, mode: 0o755 });
  log.info(newClient ? "client installed" : "client is in place", { path: client, kind });
  const ask = (asked: CancelSignal) => askStatus({ client, network, runDirectory }, asked);
  await awaitReady({ ask, waitMs, clock, log, signal });
  const conflist = { path: options.conflist, bytes: Buffer.from(conflistText(network)), mode: 0o644 };
  const newConflist = placeFile(conflist);
  log.info(newConflist ? "network configuration written" : "network configuration is in place", {
    path: options.conflist,
    network,
  });
}

async function clientBytes(given: string | undefined): Promise<{ readonly bytes: Uint8Array; readonly kind: string }> {
  try {
    return given === undefined ? await builtClient() : { bytes: readFileSync(given), kind: "given" };
  } catch (cause) {
    const what = given === undefined ? "built" : `read from ${quoteValue(given)}`;
    const details = errorFrom(cause).message;
    throw new PodwireError("HOST_UNFIT", `the client cannot be ${what}`, { details, cause });
  }
}

async function builtClient() {
  const directory = mkdtempSync(join(tmpdir(), "podwire-install-"));
  try {
    const { path, kind } = await buildClient({ directory, name: clientName });
    return { bytes: readFileSync(path), kind };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
