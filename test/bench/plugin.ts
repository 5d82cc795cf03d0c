import { spawnSync } from "node:child_process";
import { errorFrom, PodwireError } from "@podwire/core";

/** A CNI plugin on disk, ours or a peer's. */
export interface Plugin {
  readonly path: string;
  /** What a runtime hands it on standard input. */
  readonly config: unknown;
  /** Variables beside those of the specification. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Container {
  readonly id: string;
  readonly netnsPath: string;
}

/**
 * Runs the plugin to its end and says how long that took, start of the process included. Blocks this process, so that
 * nothing of ours competes with it.
 * @throws IO_FAILURE with the plugin's own words
 */
export function timePlugin(plugin: Plugin, command: "ADD" | "DEL" | "STATUS", container?: Container): number {
  const env = {
    ...plugin.environment,
    CNI_COMMAND: command,
    CNI_PATH: plugin.path.slice(0, plugin.path.lastIndexOf("/")),
    ...(container === undefined
      ? {}
      : { CNI_CONTAINERID: container.id, CNI_NETNS: container.netnsPath, CNI_IFNAME: "eth0" }),
  };
  const startedMs = performance.now();
  const { status, stdout, error } = spawnSync(plugin.path, { input: JSON.stringify(plugin.config), env });
  const tookMs = performance.now() - startedMs;
  if (error !== undefined) throw errorFrom(error, `run ${plugin.path}`);
  if (status !== 0) throw new PodwireError("IO_FAILURE", `${plugin.path} failed ${command}: ${stdout}`);
  return tookMs;
}

/** How long a program that does nothing takes: the part of every figure that is the start of a process from Node. */
export function timeNothing(): number {
  const startedMs = performance.now();
  spawnSync("/bin/true");
  return performance.now() - startedMs;
}
