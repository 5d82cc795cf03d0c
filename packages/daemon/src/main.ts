#!/usr/bin/env node
import { errorCodes, errorFrom } from "@podwire/core";
import { readConfig } from "./config-file.ts";
import { runDaemon } from "./daemon.ts";
import { createJsonLogger } from "./runtime/json-logger.ts";
import { openStandardError } from "./runtime/standard-error.ts";
import { systemClock } from "./runtime/system-clock.ts";
import { wireNode } from "./wiring.ts";

// Whatever the daemon makes is for its own user, also in the moment before a mode is set.
process.umask(0o077);

const stop = new AbortController();
// Once: a second signal ends the process as it would any other.
for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => stop.abort());

const output = openStandardError();
process.exitCode = await run();
await output.close();
// A worker thread or an idle connection of an SDK must not hold up the end.
process.exit();

/** Resolves with the exit code. */
async function run(): Promise<number> {
  try {
    const config = readConfig(process.env);
    const log = createJsonLogger(config.log.level, output);
    await runDaemon({ config, clock: systemClock, log, wireNode, signal: stop.signal });
    return 0;
  } catch (thrown) {
    const { code, message, details } = errorFrom(thrown);
    const parts = [message, details, errorCodes[code].remedy].filter((part) => part !== undefined);
    output.write(`podwired: ${code}: ${parts.join("; ").replaceAll("\n", " ")}\n`);
    return 2;
  }
}
