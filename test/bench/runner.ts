import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/**
 * The process that starts the plugins and takes the time. It imports nothing and holds nothing, because the start of a
 * process from Node is a fork: one of 50 MB takes a millisecond, one of 150 MB ten, and both would stand in every
 * figure.
 */
export interface ProgramRun {
  readonly path: string;
  readonly input: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface RunRequest {
  readonly how: "in-turn" | "at-once";
  readonly runs: readonly ProgramRun[];
}

export interface RunOutcome {
  /** From before the process is started until it has ended. */
  readonly ms: number;
  /** Null: killed by a signal, or not started at all. */
  readonly exitCode: number | null;
  readonly stdout: string;
}

process.on("message", async ({ how, runs }: RunRequest) => {
  const startedMs = performance.now();
  const outcomes = how === "in-turn" ? runs.map(runAlone) : await Promise.all(runs.map(runBeside));
  process.send?.({ outcomes, tookMs: performance.now() - startedMs });
});

function runAlone({ path, input, env }: ProgramRun): RunOutcome {
  const startedMs = performance.now();
  const { status, stdout } = spawnSync(path, { input, env });
  return { ms: performance.now() - startedMs, exitCode: status, stdout: String(stdout) };
}

async function runBeside({ path, input, env }: ProgramRun): Promise<RunOutcome> {
  const startedMs = performance.now();
  const child = spawn(path, { env, stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let stdout = "";
  child.stdout.on("data", (part: Buffer) => {
    stdout += part;
  });
  const closed = once(child, "close").catch(() => {});
  await once(child, "exit").catch(() => {});
  const ms = performance.now() - startedMs;
  await closed;
  return { ms, exitCode: child.exitCode, stdout };
}
