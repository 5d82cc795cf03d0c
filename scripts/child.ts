import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { ProcessEnd } from "./tally.ts";

const killAfterMs = 5_000;

export interface CapturedRun extends ProcessEnd {
  readonly output: string;
}

/** Runs a program to its end with our terminal. An interrupt of ours is passed on: nothing outlives this process. */
export async function runProgram(argv: readonly string[], options: SpawnOptions = {}): Promise<ProcessEnd> {
  return await ended(start(argv, { stdio: "inherit", ...options }));
}

/**
 * Runs a program to its end and keeps what it prints, both streams in the order they came. One that is `detached` takes
 * along everything it has started, however it ends.
 */
export async function captureProgram(argv: readonly string[], options: SpawnOptions = {}): Promise<CapturedRun> {
  const child = start(argv, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (options.detached === true) child.once("exit", () => killGroup(child.pid));
  const end = await ended(child);
  return { ...end, output: Buffer.concat(chunks).toString() };
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}

function start(argv: readonly string[], options: SpawnOptions): ChildProcess {
  const [command = "", ...words] = argv;
  return spawn(command, words, options);
}

function ended(child: ChildProcess): Promise<ProcessEnd> {
  let kill: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    child.kill("SIGTERM");
    // `unshare --fork` ignores SIGTERM itself; its children die with it.
    kill ??= setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return new Promise<ProcessEnd>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal }));
  }).finally(() => {
    clearTimeout(kill);
    for (const signal of signals) process.off(signal, interrupt);
  });
}
