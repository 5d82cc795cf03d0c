import { type ChildProcess, spawn } from "node:child_process";
import { dirname } from "node:path";
import { PodwireError } from "@podwire/core";
import type { ProgramRun, RunOutcome, RunRequest } from "./runner.ts";

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

export interface PluginCall {
  readonly plugin: Plugin;
  readonly command: "ADD" | "DEL";
  readonly container: Container;
}

export interface Timings {
  /** Of each call, in their order. */
  readonly ms: readonly number[];
  /** From the start of the first to the end of the last. */
  readonly tookMs: number;
}

/** Starts plugins as a runtime does, in a process of its own. */
export interface PluginRunner {
  /** @throws IO_FAILURE with the words of the first plugin that failed */
  inTurn(calls: readonly PluginCall[]): Promise<Timings>;
  /** @throws IO_FAILURE with the words of the first plugin that failed; all have ended then */
  atOnce(calls: readonly PluginCall[]): Promise<Timings>;
  /** ADD once, whatever comes of it: the exit code. */
  tryAdd(plugin: Plugin, container: Container): Promise<number | null>;
  /** How long a program that does nothing takes: the part of every figure that is the start of a process. */
  nothingMs(times: number): Promise<readonly number[]>;
  close(): void;
}

/** @param program `runner.ts` in JavaScript: to strip its types would cost it memory */
export function startPluginRunner(program: string): PluginRunner {
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const run = (how: RunRequest["how"], runs: readonly ProgramRun[]) => request(child, { how, runs });
  const succeed = async (how: RunRequest["how"], calls: readonly PluginCall[]): Promise<Timings> => {
    const { outcomes, tookMs } = await run(how, calls.map(programRun));
    const failed = outcomes.findIndex(({ exitCode }) => exitCode !== 0);
    if (failed >= 0) throw failureOf(calls[failed], outcomes[failed]);
    return { ms: outcomes.map(({ ms }) => ms), tookMs };
  };
  return {
    inTurn: (calls) => succeed("in-turn", calls),
    atOnce: (calls) => succeed("at-once", calls),
    async tryAdd(plugin, container) {
      const { outcomes } = await run("in-turn", [programRun({ plugin, command: "ADD", container })]);
      return outcomes[0]?.exitCode ?? null;
    },
    async nothingMs(times) {
      const { outcomes } = await run("in-turn", Array(times).fill({ path: "/bin/true", input: "", env: {} }));
      return outcomes.map(({ ms }) => ms);
    },
    close: () => child.disconnect(),
  };
}

interface RunReply {
  readonly outcomes: readonly RunOutcome[];
  readonly tookMs: number;
}

function request(child: ChildProcess, asked: RunRequest): Promise<RunReply> {
  return new Promise((resolve, reject) => {
    const end = () => reject(new PodwireError("IO_FAILURE", "the process that starts the plugins has ended"));
    child.once("exit", end);
    child.once("message", (reply) => {
      child.off("exit", end);
      resolve(reply as RunReply);
    });
    child.send(asked);
  });
}

function programRun({ plugin, command, container }: PluginCall): ProgramRun {
  const env = {
    ...plugin.environment,
    CNI_COMMAND: command,
    CNI_PATH: dirname(plugin.path),
    CNI_CONTAINERID: container.id,
    CNI_NETNS: container.netnsPath,
    CNI_IFNAME: "eth0",
  };
  return { path: plugin.path, input: JSON.stringify(plugin.config), env };
}

function failureOf(call: PluginCall | undefined, outcome: RunOutcome | undefined): PodwireError {
  return new PodwireError("IO_FAILURE", `${call?.plugin.path} failed ${call?.command}: ${outcome?.stdout}`);
}
