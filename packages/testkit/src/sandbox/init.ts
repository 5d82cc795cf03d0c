import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { openNetlink, setLink } from "@podwire/linux";
import { leaseVariable } from "./command.ts";

/**
 * The first process of a sandbox. When it ends, the kernel kills whatever else runs inside.
 *
 * The lease is a pipe whose other end only the starter holds. A line of it is the name of a signal to pass on; its end
 * means that the starter is gone. (Signals cannot be sent directly: unshare blocks them for itself, and the terminal
 * would send them to every process inside at once.)
 */
const graceMs = 10_000;

await raiseLoopback();
const [command = "true", ...argv] = process.argv.slice(2);
const child = spawn(command, argv, { stdio: "inherit", env: { ...process.env, [leaseVariable]: undefined } });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
followLease(child);
child.on("error", (error) => {
  process.stderr.write(`sandbox: ${error.message}\n`);
  process.exit(127);
});
child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));

async function raiseLoopback(): Promise<void> {
  const netlink = openNetlink();
  try {
    await netlink.apply([setLink("lo", { up: true })]);
  } finally {
    netlink.close();
  }
}

function followLease(child: ChildProcess): void {
  const fd = process.env[leaseVariable];
  if (fd === undefined) return;
  // No file stream: its pending read would keep this process from ending.
  const lease = createInterface({ input: new Socket({ fd: Number(fd) }) });
  lease.on("line", (line) => {
    if (line in constants.signals) child.kill(line as NodeJS.Signals);
  });
  lease.on("close", () => {
    child.kill("SIGTERM");
    setTimeout(() => process.exit(128 + constants.signals.SIGKILL), graceMs);
  });
}
