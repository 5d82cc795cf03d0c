import { connect, type Socket } from "node:net";
import { protocol } from "@podwire/core/rpc";
import type { Call } from "./call.ts";
import { type HttpAnswer, parseHttpAnswer } from "./http-answer.ts";

/** What became of one attempt to ask the daemon. */
export type Exchange =
  | { readonly kind: "answered"; readonly answer: HttpAnswer }
  /** Nobody listens: nothing has been asked. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** Somebody listens and the time is over. */
  | { readonly kind: "late" }
  /** The connection ended, or carried something else than an answer. */
  | { readonly kind: "broken"; readonly reason: string };

/** How long to wait for room in the daemon's queue of connections. Node connects without blocking, so it has to ask. */
const queuePollMs = 20;

/** Sends the frame and waits for the answer, until `signal` is aborted. Never rejects. */
export async function exchangeFrame(call: Call, frame: Uint8Array, signal: AbortSignal): Promise<Exchange> {
  for (;;) {
    const exchange = await attemptExchange(call, frame, signal);
    if (exchange.kind !== "queue full") return exchange;
    await new Promise((resolve) => setTimeout(resolve, queuePollMs));
  }
}

export function socketPath(call: Call): string {
  return `${call.runDirectory}/${protocol.socketName}`;
}

function requestHead(length: number): string {
  return (
    `POST ${protocol.cniPath} HTTP/1.1\r\nHost: podwired\r\nConnection: close\r\n` +
    `Content-Type: ${protocol.frameMediaType}\r\nContent-Length: ${length}\r\n\r\n`
  );
}

function attemptExchange(
  call: Call,
  frame: Uint8Array,
  signal: AbortSignal,
): Promise<Exchange | { readonly kind: "queue full" }> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ kind: "late" });
    const socket = connect({ path: socketPath(call) });
    let connected = false;
    const end = (exchange: Exchange | { readonly kind: "queue full" }) => {
      signal.removeEventListener("abort", giveUp);
      socket.destroy();
      resolve(exchange);
    };
    const giveUp = () => end({ kind: "late" });
    signal.addEventListener("abort", giveUp, { once: true });
    socket.on("error", (error) => end(failureOf(error, connected)));
    socket.once("connect", () => {
      connected = true;
      socket.write(requestHead(frame.length));
      socket.write(frame);
    });
    awaitAnswer(socket, end);
  });
}

function failureOf(error: Error, connected: boolean): Exchange | { readonly kind: "queue full" } {
  const code = "code" in error ? error.code : error.message;
  if (connected) return { kind: "broken", reason: `the connection failed with ${code}` };
  return code === "EAGAIN" ? { kind: "queue full" } : { kind: "unreachable", reason: `connect failed with ${code}` };
}

function awaitAnswer(socket: Socket, end: (exchange: Exchange) => void): void {
  let received = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    const answer = parseHttpAnswer(received);
    if (answer === "broken") end({ kind: "broken", reason: "the answer is no HTTP/1.1 of podwired" });
    else if (answer !== "more") end({ kind: "answered", answer });
  });
  socket.on("end", () => end({ kind: "broken", reason: "the connection ended before the answer did" }));
}
