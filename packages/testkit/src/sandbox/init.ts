import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { openNetlink, setLink } from "@podwire/linux";
import { leaseVariable, outsidePidVariable } from "./command.ts";

/**
 * The first process of a sandbox. When it ends, the kernel kills whatever else runs inside.
 *
 * The lease is a pipe whose other end only the starter holds. It answers the first line with this process's pid as it
 * is outside. After that a line is the name of a signal to pass on; the end means that the starter is gone. (Signals
 * cannot be sent directly: unshare blocks them for itself, and the terminal would send them to every process inside at
 * once.)
 */
const graceMs = 10_000;

await raiseLoopback();
const lease = takeLease();
const outsidePid = await lease?.outsidePid;
const [command = "true", ...argv] = process.argv.slice(2);
const env = { ...process.env, [leaseVariable]: undefined, [outsidePidVariable]: outsidePid };
const child = spawn(command, argv, { stdio: "inherit", env });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
lease?.follow(child);
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

function takeLease() {
  const fd = process.env[leaseVariable];
  if (fd === undefined) return undefined;
  // No file stream: its pending read would keep this process from ending.
  const pipe = new Socket({ fd: Number(fd) });
  const lines = createInterface({ input: pipe });
  let followed: ChildProcess | undefined;
  const end = (signal: NodeJS.Signals) => {
    if (followed === undefined) process.exit(128 + constants.signals[signal]);
    followed.kill(signal);
  };
  const outsidePid = new Promise<string>((resolve) =>
    lines.on("line", (line) => {
      if (line in constants.signals) end(line as NodeJS.Signals);
      else resolve(line);
    }),
  );
  lines.on("close", () => {
    end("SIGTERM");
    setTimeout(() => process.exit(128 + constants.signals.SIGKILL), graceMs);
  });
  pipe.write("pid?\n");
  const follow = (process: ChildProcess) => {
    followed = process;
  };
  return { outsidePid, follow };
}
