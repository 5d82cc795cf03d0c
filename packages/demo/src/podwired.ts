import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { type NodeReport, PodwireError, protocol } from "@podwire/core";
import { nodeProgram } from "@podwire/testkit";

export interface PodwiredOptions {
  /** Of the node. */
  readonly netnsPath: string;
  readonly runDirectory: string;
  /** For the configuration and the log; made if need be. */
  readonly directory: string;
  readonly ec2Url: string;
  readonly region: string;
  /** How many addresses the pool holds at least, and how many free ones it keeps ready. */
  readonly pool: { readonly minimum: number; readonly warm: number };
}

/** The daemon as a process in the node's namespace. */
export interface Podwired {
  readonly pid: number;
  running(): boolean;
  /** `GET /v1/status`. @throws IO_FAILURE */
  report(): Promise<NodeReport>;
  /** SIGTERM, and SIGKILL should it not end in time. Resolves with the exit code (undefined after a signal). */
  stop(): Promise<number | undefined>;
}

const stopTimeoutMs = 20_000;

/** Starts it; ready it is when the plugin's STATUS says so. */
export function startPodwired(options: PodwiredOptions): Podwired {
  mkdirSync(options.directory, { recursive: true });
  const configFile = join(options.directory, "config.yaml");
  writeFileSync(configFile, configText(options));
  const log = openSync(logFileIn(options.directory), "w", 0o600);
  const program = nodeProgram(import.meta.resolve("@podwire/daemon"), "main");
  const daemon = spawn("nsenter", [`--net=${options.netnsPath}`, ...program], {
    stdio: ["ignore", log, log],
    env: {
      PATH: process.env["PATH"],
      PODWIRE_CONFIG: configFile,
      AWS_ENDPOINT_URL_EC2: options.ec2Url,
      AWS_REGION: options.region,
      AWS_ACCESS_KEY_ID: "AKIADEMODEMODEMODEMO",
      AWS_SECRET_ACCESS_KEY: "demo",
    },
  });
  closeSync(log);
  const ended = once(daemon, "close");
  // An error of spawn is a close without exit code.
  daemon.on("error", () => {});
  const running = () => daemon.exitCode === null && daemon.signalCode === null && daemon.pid !== undefined;
  return {
    pid: daemon.pid ?? 0,
    running,
    report: () => fetchReport(join(options.runDirectory, protocol.socketName)),
    async stop() {
      if (running()) daemon.kill("SIGTERM");
      const killer = setTimeout(() => daemon.kill("SIGKILL"), stopTimeoutMs);
      await ended;
      clearTimeout(killer);
      return daemon.exitCode ?? undefined;
    },
  };
}

export function logFileIn(directory: string): string {
  return join(directory, "podwired.log");
}

/** The end of its log, for people. */
export function tailOf(logFile: string, lines: number): string {
  return readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}

/** YAML is a superset of JSON. */
function configText({ runDirectory, pool }: PodwiredOptions): string {
  const config = {
    cloud: "aws",
    cluster: "demo",
    runDirectory,
    pools: { default: pool },
    // Often, so that nobody waits long for what was changed behind podwire's back to be noticed.
    reconcile: { intervalMs: 1_000 },
  };
  return JSON.stringify(config, undefined, 2);
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
