import { spawn } from "node:child_process";
import type { CniResult } from "@podwire/core";

/** A plugin on disk and the network configuration a runtime would hand it. */
export interface CniPlugin {
  readonly path: string;
  readonly network: string;
  /** The daemon's; the plugin takes it from its environment. */
  readonly runDirectory: string;
}

/** The container a verb is about. STATUS and GC are about none. */
export interface CniContainer {
  readonly containerId: string;
  readonly netnsPath: string;
  readonly podName: string;
}

export interface CniCallOptions {
  readonly container?: CniContainer;
  /** Beside name, type and cniVersion; `prevResult` for CHECK. */
  readonly config?: object;
  /** Standard input as it is, in place of a configuration. */
  readonly stdin?: Uint8Array | string;
  /** Variables that replace, or with undefined remove, those of the call. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface CniOutcome {
  readonly exitCode: number;
  /** What the plugin printed, read as JSON; undefined when it printed nothing. */
  readonly answer: CniResult | CniFailure | undefined;
  /** From before the process is started until it has ended. */
  readonly ms: number;
}

export interface CniFailure {
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

export const podIfName = "eth0";

/** Runs the plugin as a container runtime does: a process with the request in its environment and standard input. */
export async function callPlugin(
  plugin: CniPlugin,
  command: "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "VERSION",
  options: CniCallOptions = {},
): Promise<CniOutcome> {
  const startedMs = performance.now();
  const child = spawn(plugin.path, [], {
    env: callEnvironment(plugin, command, options),
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  // A plugin may answer without having read everything; that is its right.
  child.stdin.on("error", () => {});
  const config = { cniVersion: "1.1.0", name: plugin.network, type: "podwire", ...options.config };
  child.stdin.end(options.stdin ?? JSON.stringify(config));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 128));
  });
  const ms = performance.now() - startedMs;
  return { exitCode, answer: text === "" ? undefined : JSON.parse(text), ms };
}

/** What went wrong, as one line; undefined when nothing did. */
export function failureText({ exitCode, answer }: CniOutcome): string | undefined {
  if (exitCode === 0) return undefined;
  if (answer === undefined || !("msg" in answer)) return `exit code ${exitCode} and no answer`;
  return `${answer.code} ${answer.msg}${answer.details === undefined ? "" : ` (${answer.details})`}`;
}

function callEnvironment(plugin: CniPlugin, command: string, options: CniCallOptions): Record<string, string> {
  const variables = {
    PATH: process.env["PATH"],
    PODWIRE_RUN_DIR: plugin.runDirectory,
    CNI_COMMAND: command,
    CNI_PATH: plugin.path.slice(0, plugin.path.lastIndexOf("/")),
    ...(options.container === undefined ? {} : containerEnvironment(options.container)),
    ...options.environment,
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function containerEnvironment({ containerId, netnsPath, podName }: CniContainer): Record<string, string> {
  return {
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netnsPath,
    CNI_IFNAME: podIfName,
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${podName};K8S_POD_INFRA_CONTAINER_ID=${containerId}`,
  };
}
