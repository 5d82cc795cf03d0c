import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { StreamOptions, StreamResult } from "./protocol.ts";

/** What datagrams of a stream begin with; the echo server sends them back as they are. */
export const streamMark = "#";

/** How long the last answers may take; after that they count as lost. */
const lastAnswersMs = 2_000;
const pauseMs = 20;

export interface Stream {
  /** Ends the sending, and waits for what is still under way. */
  end(): Promise<StreamResult>;
}

/**
 * Sends numbered datagrams to the echo server of `echo.ts` and counts which came back. None is sent again.
 * @throws the kernel's error when the target cannot be sent to at all
 */
export async function startStream({ address, port, intervalMs }: StreamOptions): Promise<Stream> {
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  socket.connect(port, address);
  await once(socket, "connect");
  let sent = 0;
  const answered = new Set<number>();
  // What the kernel says of one datagram is seen by its answer that does not come.
  socket.on("error", () => {});
  socket.on("message", (bytes) => answered.add(Number(bytes.toString().slice(streamMark.length))));
  const send = () => {
    sent += 1;
    socket.send(`${streamMark}${sent}`, () => {});
  };
  send();
  const sender = setInterval(send, intervalMs);
  return {
    async end() {
      clearInterval(sender);
      const endMs = performance.now() + lastAnswersMs;
      while (answered.size < sent && performance.now() < endMs) await delay(pauseMs);
      socket.close();
      return { sent, lost: numbersTo(sent).filter((number) => !answered.has(number)) };
    },
  };
}

function numbersTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
