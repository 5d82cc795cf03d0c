#!/usr/bin/env node
import { type Config, errorCodes, errorFrom } from "@podwire/core";
import { readConfig } from "./config-file.ts";
import { runDaemon } from "./daemon.ts";
import { installCommand } from "./install/command.ts";
import { createJsonLogger } from "./runtime/json-logger.ts";
import { openStandardError } from "./runtime/standard-error.ts";
import { systemClock } from "./runtime/system-clock.ts";
import { wireNode } from "./wiring.ts";

const words = process.argv.slice(2);
// Whatever the daemon makes is for its own user, also in the moment before a mode is set. What is installed is not.
process.umask(words.length === 0 ? 0o077 : 0o022);

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
    if (words.length === 0) await runNode();
    else return await installCommand(words, { ...ports("info"), output, runDirectory: process.env["PODWIRE_RUN_DIR"] });
    return 0;
  } catch (thrown) {
    const { code, message, details } = errorFrom(thrown);
    const parts = [message, details, errorCodes[code].remedy].filter((part) => part !== undefined);
    output.write(`podwired: ${code}: ${parts.join("; ").replaceAll("\n", " ")}\n`);
    return 2;
  }
}

async function runNode(): Promise<void> {
  const config = readConfig(process.env);
  await runDaemon({ ...ports(config.log.level), config, wireNode });
}

function ports(level: Config["log"]["level"]) {
  return { clock: systemClock, log: createJsonLogger(level, output), signal: stop.signal };
}
