import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { nodeProgram } from "@podwire/testkit";

const talkPort = 9_009;

export interface TalkReport {
  /** Datagrams, and as many lines over one TCP connection. */
  readonly sent: number;
  /** Those that did not come back. */
  readonly lost: { readonly udp: readonly number[]; readonly tcp: readonly number[] };
  readonly errors: readonly string[];
}

/** Sends numbers every 10 ms, over UDP and over one TCP connection, and gets each of them back. */
export interface Talk {
  end(): Promise<TalkReport>;
}

/** What a talk without any disturbance reports. */
export const undisturbed = { lost: { udp: [], tcp: [] }, errors: [] };

export async function startAnswering(address: string, netnsPath: string): Promise<{ end(): Promise<void> }> {
  const { end } = await startAgent("answer", address, netnsPath);
  return { end: async () => void (await end()) };
}

export async function startTalk(address: string, netnsPath: string): Promise<Talk> {
  const { end } = await startAgent("talk", address, netnsPath);
  return { end: async () => JSON.parse(await end()) as TalkReport };
}

async function startAgent(role: "answer" | "talk", address: string, netnsPath: string) {
  const program = [...nodeProgram(import.meta.url, "talk-agent"), role, address, `${talkPort}`];
  const agent: ChildProcessByStdio<Writable, Readable, null> = spawn("nsenter", [`--net=${netnsPath}`, ...program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: agent.stdout });
  let last = "";
  lines.on("line", (line) => {
    last = line;
  });
  const closed = once(agent, "close");
  await Promise.race([once(lines, "line"), closed]);
  if (last !== "ready") throw new Error(`the agent to ${role} at ${address} ended at once`);
  return {
    end: async () => {
      agent.stdin.end();
      await closed;
      return last;
    },
  };
}
