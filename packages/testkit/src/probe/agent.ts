import { createInterface } from "node:readline";
import { startEcho } from "./echo.ts";
import type { ProbeAnswer, ProbeRequest, ProbeResult } from "./protocol.ts";
import { reach } from "./reach.ts";
import { type Stream, startStream } from "./stream.ts";

/**
 * The process a probe starts in a namespace. (A server cannot be opened in another namespace from outside: Node binds
 * after a tick, when the way back from setns is long done.) Ends with its standard input.
 */
const streams = new Map<number, Stream>();
const input = createInterface({ input: process.stdin });
input.on("line", (line) => void answer(JSON.parse(line) as ProbeRequest));
input.on("close", () => process.exit(0));
say({ id: 0, result: null });

async function answer(request: ProbeRequest): Promise<void> {
  try {
    say({ id: request.id, result: await carryOut(request) });
  } catch (error) {
    say({ id: request.id, error: error instanceof Error ? error.message : String(error) });
  }
}

async function carryOut(request: ProbeRequest): Promise<ProbeResult> {
  if ("reach" in request) return reach(request.reach);
  if ("endStream" in request) return (await streams.get(request.endStream)?.end()) ?? null;
  if ("stream" in request) {
    streams.set(request.id, await startStream(request.stream));
    return null;
  }
  await startEcho(request.listen.addresses, request.listen.port);
  return null;
}

function say(message: ProbeAnswer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
