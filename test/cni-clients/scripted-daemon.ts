import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { decodeFrame, type Frame, protocol } from "@podwire/core/rpc";
import { createTemporaryDirectories } from "./temporary-directory.ts";

/** What the daemon does once a request is complete. */
export type Script = (socket: Socket) => void;

export interface ScriptedDaemon {
  /** A fresh directory for PODWIRE_RUN_DIR. */
  readonly runDirectory: string;
  /** Every request that was complete, as it came. */
  readonly requests: readonly ScriptedRequest[];
  close(): Promise<void>;
}

export interface ScriptedRequest {
  /** Request line and fields. */
  readonly head: string;
  readonly frame: Frame;
}

/** Bytes on a unix socket that look like podwired, or nearly. `socketName` undefined: nobody listens. */
export async function startScriptedDaemon(
  script: Script,
  socketName: string | undefined = protocol.socketName,
): Promise<ScriptedDaemon> {
  const directories = createTemporaryDirectories();
  const runDirectory = directories.make("podwire-run-");
  const requests: ScriptedRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    whenComplete(socket, (request) => {
      requests.push(request);
      script(socket);
    });
  });
  await listen(server, join(runDirectory, socketName));
  return {
    runDirectory,
    requests,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      directories.removeAll();
    },
  };
}

/** Answers with these bytes, whole, and ends the connection. */
export function sends(bytes: string | Uint8Array): Script {
  return (socket) => socket.end(bytes);
}

/** An answer as podwired gives it. */
export function httpAnswer(status: number, body: string): string {
  return `HTTP/1.1 ${status} OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
}

function whenComplete(socket: Socket, act: (request: ScriptedRequest) => void): void {
  let received = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    const bodyStart = received.indexOf("\r\n\r\n") + 4;
    if (bodyStart < 4) return;
    const head = received.toString("latin1", 0, bodyStart - 4);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (received.length - bodyStart === length) act({ head, frame: decodeFrame(received.subarray(bodyStart)) });
  });
}
