import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LogFields, silentLogger } from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHttpServer, type HttpServer } from "./http-server.ts";
import { jsonReply, type Request, type Route } from "./route.ts";

let directory: string;
let path: string;
let clock: VirtualClock;
let errors: (LogFields | undefined)[];
let http: HttpServer;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-http-"));
  path = join(directory, "s.sock");
  clock = new VirtualClock();
  errors = [];
});
afterEach(() => {
  http.server.closeAllConnections();
  http.server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function serve(respond: Route["respond"], maxBodyBytes = 10): Promise<void> {
  const log = { ...silentLogger, error: (_event: string, fields?: LogFields) => void errors.push(fields) };
  http = createHttpServer([{ method: "POST", path: "/echo", maxBodyBytes, respond }], { log, clock });
  http.server.listen(path);
  await once(http.server, "listening");
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

function ask(options: RequestOptions, body: string | undefined): Promise<Answer> {
  const asked = begin(options);
  asked.end(body);
  return answerOf(asked);
}

function begin(options: RequestOptions = {}): ClientRequest {
  return request({ socketPath: path, path: "/echo", method: "POST", agent: false, ...options });
}

async function answerOf(asked: ClientRequest): Promise<Answer> {
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body, headers: response.headers };
}

async function echo({ body }: Request) {
  return jsonReply(200, Buffer.from(body).toString());
}

describe("a request", () => {
  test("is answered with its length, unchunked, and the connection ends", async () => {
    await serve(echo);
    const answer = await ask({}, "äöü");
    expect(answer).toMatchObject({ status: 200, body: "äöü" });
    expect(answer.headers).toMatchObject({
      "content-length": "6",
      "content-type": "application/json",
      connection: "close",
    });
    expect(answer.headers["transfer-encoding"]).toBeUndefined();
  });

  const rows: readonly { readonly name: string; readonly options: RequestOptions; readonly status: number }[] = [
    { name: "for an unknown path", options: { path: "/v2/cni" }, status: 404 },
    { name: "for a path that climbs", options: { path: "/../echo" }, status: 404 },
    { name: "with another method", options: { method: "DELETE" }, status: 405 },
    { name: "with a declared body that is too large", options: { headers: { "Content-Length": 11 } }, status: 413 },
    {
      name: "with a chunked body that is too large",
      options: { headers: { "Transfer-Encoding": "chunked" } },
      status: 413,
    },
    {
      name: "with a query, which is ignored",
      options: { path: "/echo?x=1", headers: { "Content-Length": 3 } },
      status: 200,
    },
  ];
  test.each(rows)("$name gets $status", async ({ options, status }) => {
    await serve(echo);
    const body = status === 413 ? "12345678901" : "123";
    expect((await ask(options, options.method === "DELETE" ? undefined : body)).status).toBe(status);
  });

  test("that makes the route throw gets 500, and the next one is served", async () => {
    await serve(async ({ body }) => {
      if (body.length === 0) throw new Error("a defect");
      return jsonReply(200, "fine");
    });
    expect(await ask({}, "")).toMatchObject({ status: 500, body: "a defect\n" });
    expect(errors).toEqual([{ path: "/echo", code: "INTERNAL", message: "a defect" }]);
    expect(await ask({}, "x")).toMatchObject({ status: 200, body: "fine" });
  });

  test("that is no HTTP gets 400, and the next one is served", async () => {
    await serve(echo);
    const socket = connect({ path });
    socket.end("nonsense\r\n\r\n");
    const [bytes] = await once(socket, "data");
    expect(String(bytes)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await ask({}, "x")).status).toBe(200);
  });

  test("whose client goes away has its signal aborted as CANCELLED", async () => {
    const begun = Promise.withResolvers<Request>();
    const never = new Promise<never>(() => {});
    await serve((asked) => {
      begun.resolve(asked);
      return never;
    });
    const asked = begin();
    asked.on("error", () => {});
    asked.end("x");
    const { signal } = await begun.promise;
    expect(signal.aborted).toBe(false);
    const abort = new Promise<void>((resolve) => signal.addEventListener("abort", resolve));
    asked.destroy();
    await abort;
    expect(signal.reason).toMatchObject({ code: "CANCELLED" });
  });
});

describe("stopping", () => {
  test("lets the request under way end, takes no new one, and aborts nothing", async () => {
    const begun = Promise.withResolvers<Request>();
    const end = Promise.withResolvers<void>();
    await serve(async (asked) => {
      begun.resolve(asked);
      await end.promise;
      return jsonReply(200, "done");
    });
    const answer = ask({}, "x");
    const { signal } = await begun.promise;
    const stopped = http.stop(5_000);
    await expect(ask({}, "y")).rejects.toMatchObject({ code: "ENOENT" });
    end.resolve();
    expect(await answer).toMatchObject({ status: 200, body: "done" });
    await stopped;
    expect([signal.aborted, clock.pendingTimers]).toEqual([false, 0]);
  });

  test("aborts what outlasts the grace, and still sends its answer", async () => {
    const begun = Promise.withResolvers<void>();
    await serve(async ({ signal }) => {
      begun.resolve();
      await new Promise<void>((resolve) => signal.addEventListener("abort", resolve));
      return jsonReply(422, String((signal.reason as { code: string }).code));
    });
    const answer = ask({}, "x");
    await begun.promise;
    const stopped = http.stop(5_000);
    await clock.advance(5_000);
    expect(await answer).toMatchObject({ status: 422, body: "CANCELLED" });
    await stopped;
  });

  test("does not wait for ever for a request that heeds no signal", async () => {
    const begun = Promise.withResolvers<void>();
    await serve(() => {
      begun.resolve();
      return new Promise<never>(() => {});
    });
    const asked = begin();
    const failed = once(asked, "error");
    asked.end("x");
    await begun.promise;
    const stopped = http.stop(5_000);
    await clock.advance(5_000);
    await clock.advance(5_000);
    await stopped;
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
  });

  test("twice, or before listening, is harmless", async () => {
    await serve(echo);
    await http.stop(1);
    await http.stop(1);
  });
});
