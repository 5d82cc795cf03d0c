import type { IncomingMessage, ServerResponse } from "node:http";
import type { AnswerLoss, FaultyOutcome } from "@podwire/testkit";
import type { ComputeResult } from "./answers.ts";
import type { FakeGceBackend } from "./fake-gce.ts";
import { httpStatusByReason, type Refusal } from "./refusals.ts";
import { parseRestRequest } from "./rest-request.ts";
import { type FakeServer, type ListenAddress, listen, peerAddress, readText } from "./server.ts";

const maxBodyBytes = 1024 * 1024;

/**
 * The second door: Compute Engine's REST interface as the unmodified SDK speaks it. A bearer token must be there and is
 * not verified.
 */
export function serveRest(backend: FakeGceBackend, address: ListenAddress): Promise<FakeServer> {
  return listen((request, response) => {
    answer(backend, request, response).catch(() => response.destroy());
  }, address);
}

async function answer(backend: FakeGceBackend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await readText(request, maxBodyBytes);
  if (text === undefined) {
    response.destroy();
    return;
  }
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  if (token === undefined) return sendError(response, { ...unauthenticated });
  const { method = "", url = "" } = request;
  const command = parseRestRequest({ method, url, body: text === "" ? undefined : JSON.parse(text) });
  if (command === undefined) return sendError(response, { ...unknownCall, message: `${method} ${url}` });
  sendOutcome(response, await backend.perform(command, callerOf(backend, request, token)));
}

const unauthenticated: Refusal = { reason: "required", httpStatus: 401, message: "Login Required." };
const unknownCall: Refusal = { reason: "notFound", httpStatus: 404, message: "" };

function sendOutcome(response: ServerResponse, outcome: FaultyOutcome<ComputeResult>): void {
  if (outcome.kind === "refused") {
    const { code, message = "the fault plan refuses the call", retryAfterMs } = outcome.fail;
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
    sendError(response, { reason: code, message, httpStatus: httpStatusByReason[code] ?? 400, ...retry });
    return;
  }
  const result = outcome.answer;
  const text = result !== undefined && "answer" in result ? JSON.stringify(result.answer) : "{}";
  if (outcome.kind === "lost") breakAnswer(response, outcome.how, text);
  else if (result !== undefined && "refusal" in result) sendError(response, result.refusal);
  else sendJson(response, 200, text);
}

function breakAnswer(response: ServerResponse, how: AnswerLoss, text: string): void {
  if (how === "reset") {
    response.destroy();
    return;
  }
  if (how === "html-503") {
    response.writeHead(503, { "content-type": "text/html" });
    response.end("<html><body><h1>503 Service Unavailable</h1></body></html>");
    return;
  }
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.write(text.slice(0, text.length / 2), () => response.destroy());
}

/** https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-api-errors */
function sendError(response: ServerResponse, { reason, message, httpStatus, retryAfterMs }: Refusal): void {
  if (retryAfterMs !== undefined) response.setHeader("retry-after", Math.ceil(retryAfterMs / 1000));
  const location = reason === "conditionNotMet" ? { location: "If-Match", locationType: "header" } : {};
  const error = { code: httpStatus, message, errors: [{ message, domain: "global", reason, ...location }] };
  sendJson(response, httpStatus, JSON.stringify({ error }));
}

function sendJson(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
  response.end(text);
}

/** The instance behind the peer's address; else whose token it is (the metadata server's name their instance). */
function callerOf({ model }: FakeGceBackend, request: IncomingMessage, token: string): string {
  const peer = peerAddress(request);
  const instances = [...model.world.instances.values()];
  return instances.find(({ networkInterfaces: [own] }) => own?.networkIP === peer)?.name ?? token;
}
