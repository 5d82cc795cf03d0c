import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Clock, errorFrom, type Logger, PodwireError } from "@podwire/core";
import { endsWithin } from "../ends-within.ts";
import { type Reply, type Route, textReply } from "./route.ts";

const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
const maxHeaderBytes = 16 * 1024;

/** A server that answers one request per connection, and can be stopped without leaving one unanswered. */
export interface HttpServer {
  readonly server: Server;
  /**
   * Takes no new connections, waits `graceMs` for the requests under way, then aborts their signals and waits as long
   * again. Resolves in any case.
   */
  stop(graceMs: number): Promise<void>;
}

export interface HttpServerOptions {
  readonly log: Logger;
  readonly clock: Clock;
}

export function createHttpServer(routes: readonly Route[], { log, clock }: HttpServerOptions): HttpServer {
  const underWay = new Set<AbortController>();
  const server = createServer(
    {
      keepAlive: false,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: maxHeaderBytes,
    },
    (request, response) => {
      const controller = new AbortController();
      underWay.add(controller);
      response.once("close", () => {
        underWay.delete(controller);
        if (!response.writableFinished) controller.abort(new PodwireError("CANCELLED", "the client went away"));
      });
      void respond({ routes, log, request, response, signal: controller.signal });
    },
  );
  return { server, stop: (graceMs) => stopServer({ server, underWay, clock }, graceMs) };
}

interface Exchange {
  readonly routes: readonly Route[];
  readonly log: Logger;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

async function respond(exchange: Exchange): Promise<void> {
  const { request, response, log } = exchange;
  // A client that breaks off in the middle is noticed by the response's "close".
  request.on("error", () => {});
  try {
    send(response, await reply(exchange));
  } catch (thrown) {
    const { code, message } = errorFrom(thrown);
    log.error("request failed", { path: request.url, code, message });
    send(response, textReply(500, message));
  }
}

async function reply({ routes, request, signal }: Exchange): Promise<Reply> {
  const path = (request.url ?? "").split("?", 1).join();
  const ofPath = routes.filter((route) => route.path === path);
  const route = ofPath.find(({ method }) => method === request.method);
  if (ofPath.length === 0)
    return textReply(404, `no such path; there are ${routes.map((each) => each.path).join(", ")}`);
  if (route === undefined) return textReply(405, `use ${ofPath.map(({ method }) => method).join(" or ")}`);
  const body = await readBody(request, route.maxBodyBytes);
  if (body === undefined) return textReply(413, `the body is larger than ${route.maxBodyBytes} bytes`);
  return route.respond({ body, signal });
}

/** Undefined when it is larger than `maxBytes`. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, mediaType, body }: Reply): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { "Content-Type": mediaType, "Content-Length": bytes.length, Connection: "close" });
  response.end(bytes);
}

interface Stopping {
  readonly server: Server;
  readonly underWay: ReadonlySet<AbortController>;
  readonly clock: Clock;
}

async function stopServer({ server, underWay, clock }: Stopping, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((resolve) => server.close(resolve));
  if (await endsWithin(clock, closed, graceMs)) return;
  for (const controller of underWay) controller.abort(new PodwireError("CANCELLED", "the daemon is stopping"));
  if (await endsWithin(clock, closed, graceMs)) return;
  server.closeAllConnections();
}
