import { runClient } from "./client.ts";

/** CLOCK_MONOTONIC, which the daemon's clock counts by too. */
const startedMs = Number(process.hrtime.bigint() / 1_000_000n);

process.stdout.once("error", () => process.exit(1));
const { stdout, exitCode } = await runClient({ environment: process.env, stdin: process.stdin, startedMs });
// Not by `exitCode` alone: a standard input that nobody closes would keep the process alive.
process.stdout.write(stdout, (error) => process.exit(error ? 1 : exitCode));
