import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type NodeReport, PodwireError, protocol } from "@podwire/core";

export interface PodwiredOptions {
  /** Where the socket will be. */
  readonly runDirectory: string;
  /** The namespace it runs in; default: that of this process. */
  readonly netnsPath?: string;
  /** An executable in place of this package's own daemon: that of a bundle. */
  readonly program?: string;
  /** A command that runs the daemon's, such as setpriv with its words. */
  readonly through?: readonly string[];
  /** Its configuration without the run directory, and a directory to write the file to. */
  readonly config?: { readonly values: object; readonly directory: string };
  /** All it gets beside PATH. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The real daemon as a process, from source or from dist as this module is. */
export interface PodwiredProcess {
  readonly pid: number;
  /** Everything on standard error so far, a line each. */
  readonly lines: readonly string[];
  running(): boolean;
  /**
   * Resolves with the first line that holds `text`, also one that came already. Rejects when the process ends first.
   */
  line(text: string): Promise<string>;
  /** `GET /v1/status`. @throws IO_FAILURE */
  report(): Promise<NodeReport>;
  /**
   * Sends the signal, and SIGKILL should it not end in time. Resolves with the exit code, null for a death by signal.
   */
  end(signal: NodeJS.Signals, timeoutMs?: number): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

export function startPodwired(options: PodwiredOptions): PodwiredProcess {
  const { netnsPath } = options;
  const [command = process.execPath, ...args] = [
    ...(netnsPath === undefined ? [] : ["nsenter", `--net=${netnsPath}`]),
    ...(options.through ?? []),
    ...(options.program === undefined ? podwiredProgram() : [options.program]),
  ];
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"], ...configured(options), ...options.environment },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on("line", (line) => {
    lines.push(line);
    child.emit("line");
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  // An error of spawn is an end without exit code.
  child.on("error", () => {});
  const running = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  return {
    pid: child.pid ?? 0,
    lines,
    running,
    ended,
    line: (text) => waitForLine(child, lines, text),
    report: () => fetchReport(join(options.runDirectory, protocol.socketName)),
    end: async (signal, timeoutMs = 20_000) => {
      if (running()) child.kill(signal);
      const killer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
      return ended.finally(() => clearTimeout(killer));
    },
  };
}

/** The command line of podwired, for its commands too. */
export function podwiredProgram(): readonly string[] {
  const fromSource = import.meta.url.endsWith(".ts");
  const main = fileURLToPath(new URL(`../main.${fromSource ? "ts" : "js"}`, import.meta.url));
  return [process.execPath, ...(fromSource ? ["--conditions=podwire-source"] : []), main];
}

/** YAML is a superset of JSON. */
function configured({ runDirectory, config }: PodwiredOptions): Record<string, string> {
  if (config === undefined) return { PODWIRE_RUN_DIRECTORY: runDirectory };
  const file = join(config.directory, "config.yaml");
  writeFileSync(file, JSON.stringify({ ...config.values, runDirectory }, undefined, 2));
  return { PODWIRE_CONFIG: file };
}

function waitForLine(child: ChildProcess, lines: readonly string[], text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = lines.find((line) => line.includes(text));
      if (found !== undefined) resolve(found);
    };
    child.on("line", look);
    child.once("close", () => reject(new Error(`podwired ended before it wrote ${text}: ${lines.join("\n")}`)));
    look();
  });
}

async function fetchReport(socketPath: string): Promise<NodeReport> {
  const { promise, resolve, reject } = Promise.withResolvers<NodeReport>();
  const asking = request({ socketPath, path: protocol.statusPath, timeout: 5_000, agent: false }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    response.on("end", () => {
      if (response.statusCode === 200) resolve(JSON.parse(text));
      else reject(new PodwireError("IO_FAILURE", `podwired answers ${response.statusCode} to ${protocol.statusPath}`));
    });
  });
  asking.on("error", (cause) => reject(new PodwireError("IO_FAILURE", "podwired does not answer", { cause })));
  asking.end();
  return promise;
}
