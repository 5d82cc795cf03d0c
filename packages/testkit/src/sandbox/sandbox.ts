import { spawn, spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import type { Duplex } from "node:stream";
import { PodwireError } from "@podwire/core";
import { leaseVariable, markerPath, sandboxCommand, unshareArguments } from "./command.ts";

/** What a command that cannot have a sandbox exits with. */
export const sandboxRefusedExitCode = 3;

const passedOn = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Whether this process runs in a sandbox of `sandboxCommand`. */
export function isInSandbox(): boolean {
  try {
    return readFileSync(markerPath, "utf8").trim() === readlinkSync("/proc/self/ns/pid");
  } catch {
    return false;
  }
}

/**
 * Runs `main` in a sandbox: here when this process is in one, else by running this very command again inside. The exit
 * code is that of `main`; where no sandbox can be had the reason goes to standard error and the exit code is 3.
 */
export async function requireSandbox(main: () => Promise<number>): Promise<void> {
  if (isInSandbox()) {
    process.exitCode = await main();
    return;
  }
  try {
    process.exitCode = await runInSandbox([process.execPath, ...process.execArgv, ...process.argv.slice(1)]);
  } catch (error) {
    if (!(error instanceof PodwireError)) throw error;
    process.stderr.write(`${error.message}\n${error.details ?? ""}\n`);
    process.exitCode = sandboxRefusedExitCode;
  }
}

/**
 * Runs a command in a sandbox with this process's standard streams and passes SIGINT, SIGTERM and SIGHUP on to it.
 * Resolves with its exit code (128 + n for a signal). Should this process die, the sandbox ends as well.
 * @throws HOST_UNFIT the kernel allows no namespaces
 */
export async function runInSandbox(argv: readonly string[]): Promise<number> {
  assertSandboxAllowed();
  const [command = "", ...rest] = sandboxCommand(argv);
  const child = spawn(command, rest, {
    // A session of its own keeps Ctrl-C of the terminal away from the daemons inside; the lease carries it in instead.
    detached: true,
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...process.env, [leaseVariable]: "3" },
  });
  const lease = child.stdio[3] as Duplex;
  lease.on("error", () => {});
  lease.once("data", () => lease.write(`${onlyChildOf(child.pid ?? 0)}\n`));
  const passers = passedOn.map((signal) => ({ signal, pass: () => void lease.write(`${signal}\n`) }));
  for (const { signal, pass } of passers) process.on(signal, pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
    });
  } finally {
    for (const { signal, pass } of passers) process.off(signal, pass);
    lease.destroy();
  }
}

/** @throws HOST_UNFIT with the kernel's reason and what to do about it */
export function assertSandboxAllowed({ uid = process.getuid?.() ?? 0, command = "unshare" } = {}): void {
  const tried = spawnSync(command, [...unshareArguments(uid), "true"], { encoding: "utf8" });
  if (tried.status === 0) return;
  const reason = tried.error?.message ?? tried.stderr.trim();
  throw new PodwireError("HOST_UNFIT", `this machine allows no sandbox of namespaces: ${reason}`, {
    op: "unshare",
    details:
      uid === 0
        ? "run it with CAP_SYS_ADMIN (in a container: --privileged), and look at the limits in /proc/sys/user"
        : "run it as root, or allow user namespaces: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone " +
          "and kernel.apparmor_restrict_unprivileged_userns",
  });
}

/** The first process of the sandbox is the one child of unshare. */
function onlyChildOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
}
