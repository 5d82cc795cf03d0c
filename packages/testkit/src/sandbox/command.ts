import { nodeProgram } from "./node-program.ts";

/** Where the sandbox says what it is; /run inside is private, so the machine's own never holds it. */
export const markerPath = "/run/podwire-sandbox";

/** The environment variable with the descriptor of the lease (`init.ts`). */
export const leaseVariable = "PODWIRE_SANDBOX_LEASE_FD";

/** The environment variable in which a command of `runInSandbox` finds the pid that its sandbox has outside. */
export const outsidePidVariable = "SANDBOX_OUTSIDE_PID";

/**
 * Namespaces of network, mounts and processes that end with their first process; for a plain user also one of users.
 */
export function unshareArguments(uid: number): readonly string[] {
  return ["-nmp", "--fork", "--kill-child", "--mount-proc", ...(uid === 0 ? [] : ["-Ur"])];
}

/**
 * The command that runs `argv` in a sandbox: its own network, mounts and processes, a private /run with /run/netns, and
 * the loopback interface up. Exit codes pass through; nothing that runs inside outlives it.
 * @param uid of the user who starts it; 0 needs no user namespace
 */
export function sandboxCommand(argv: readonly string[], uid = process.getuid?.() ?? 0): readonly string[] {
  return [
    "unshare",
    ...unshareArguments(uid),
    "sh",
    "-c",
    prepare,
    "sandbox",
    ...nodeProgram(import.meta.url, "init"),
    ...argv,
  ];
}

/** nft lives in /usr/sbin, which a plain user's PATH does not name. */
const prepare = `set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/netns
readlink /proc/self/ns/pid >${markerPath}
export PATH="$PATH:/usr/sbin:/sbin"
exec "$@"`;
