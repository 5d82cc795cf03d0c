import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { PodwireError, quoteValue } from "@podwire/core";
import { nodeProgram } from "../sandbox/node-program.ts";
import type { ProbeAnswer, ProbeResult, Reachability, ReachOptions, StreamOptions, StreamResult } from "./protocol.ts";

/** Stands in one network namespace: answers there, and tries from there what can be reached. */
export interface Probe {
  readonly pid: number;
  /** Answers on TCP and UDP of these addresses with the peer address it sees. @throws KERNEL_REFUSED */
  listen(addresses: readonly string[], port: number): Promise<void>;
  /** Blocked is a result, not an error. @throws IO_FAILURE the process of the probe ended */
  reach(options: ReachOptions): Promise<Reachability>;
  /**
   * Sends numbered datagrams to where a probe listens, from when it resolves until its `end`.
   * @throws KERNEL_REFUSED; IO_FAILURE the process of the probe ended
   */
  stream(options: StreamOptions): Promise<ProbeStream>;
  /** Resolves when the process has ended. */
  close(): Promise<void>;
}

export interface ProbeStream {
  /** Stops sending, and says what came back. Call once. @throws IO_FAILURE the process of the probe ended */
  end(): Promise<StreamResult>;
}

export interface Probes {
  /** @param netnsPath the namespace; default: that of this process. @throws IO_FAILURE */
  start(netnsPath?: string): Promise<Probe>;
  /** Ends every probe that was started. */
  close(): Promise<void>;
}

export function createProbes(): Probes {
  const started = new Set<Promise<Probe>>();
  return {
    start(netnsPath) {
      const probe = startProbe(netnsPath);
      started.add(probe);
      return probe;
    },
    async close() {
      const settled = await Promise.allSettled(started);
      started.clear();
      await Promise.all(settled.map((probe) => (probe.status === "fulfilled" ? probe.value.close() : undefined)));
    },
  };
}

type Agent = ChildProcessByStdio<Writable, Readable, null>;
type Waiter = { readonly resolve: (result: ProbeResult) => void; readonly reject: (error: Error) => void };

async function startProbe(netnsPath: string | undefined): Promise<Probe> {
  const program = nodeProgram(import.meta.url, "agent");
  const [command = "", ...argv] = netnsPath === undefined ? program : ["nsenter", `--net=${netnsPath}`, ...program];
  const agent = spawn(command, argv, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => agent.on("close", () => resolve()));
  const ask = conversation(agent, netnsPath ?? "this namespace");
  await ask.ready;
  return {
    pid: agent.pid ?? 0,
    async listen(addresses, port) {
      await ask({ listen: { addresses, port } }).result;
    },
    async reach(options) {
      return (await ask({ reach: options }).result) as Reachability;
    },
    async stream(options) {
      const { id, result } = ask({ stream: options });
      await result;
      return { end: async () => (await ask({ endStream: id }).result) as StreamResult };
    },
    async close() {
      agent.stdin.end();
      await ended;
    },
  };
}

/** Questions and answers are matched by number; number 0 is the agent's word that it is there. */
function conversation(agent: Agent, where: string) {
  const waiters = new Map<number, Waiter>();
  let last = 0;
  let ended = false;
  const wait = (id: number) => new Promise<ProbeResult>((resolve, reject) => waiters.set(id, { resolve, reject }));
  const fail = (error: PodwireError) => {
    for (const waiter of waiters.values()) waiter.reject(error);
    waiters.clear();
  };
  createInterface({ input: agent.stdout }).on("line", (line) => {
    const answer = JSON.parse(line) as ProbeAnswer;
    const waiter = waiters.get(answer.id);
    waiters.delete(answer.id);
    if ("error" in answer) waiter?.reject(new PodwireError("KERNEL_REFUSED", answer.error, { op: "probe" }));
    else waiter?.resolve(answer.result);
  });
  agent.stdin.on("error", () => {});
  agent.on("error", (error) => fail(new PodwireError("IO_FAILURE", `the probe in ${where} failed`, { cause: error })));
  agent.on("close", (code) => {
    ended = true;
    fail(new PodwireError("IO_FAILURE", `the probe in ${where} ended with code ${quoteValue(code)}`));
  });
  const ask = (question: object) => {
    if (ended) throw new PodwireError("IO_FAILURE", `the probe in ${where} has ended`);
    last += 1;
    agent.stdin.write(`${JSON.stringify({ id: last, ...question })}\n`);
    return { id: last, result: wait(last) };
  };
  return Object.assign(ask, { ready: wait(0) });
}
