import type { IncomingMessage, ServerResponse } from "node:http";
import type { AnswerLoss, FaultyOutcome } from "@podwire/testkit";
import type { Ec2Result } from "./answers.ts";
import type { FakeAwsBackend } from "./fake-aws.ts";
import { renderAnswer, renderError } from "./query-answer.ts";
import { parseQueryRequest } from "./query-request.ts";
import type { Refusal } from "./refusal-row.ts";
import { httpStatusByCode } from "./refusals.ts";
import { type FakeServer, type ListenAddress, listen, peerAddress, readText } from "./server.ts";

const maxBodyBytes = 1024 * 1024;

/**
 * The second door: EC2's query protocol (form-encoded POST, XML answers) as the unmodified SDK speaks it. A signature
 * must be there and is not verified.
 */
export function serveQueryApi(backend: FakeAwsBackend, address: ListenAddress): Promise<FakeServer> {
  return listen((request, response) => {
    answer(backend, request, response).catch(() => response.destroy());
  }, address);
}

async function answer(backend: FakeAwsBackend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = requestIdFrom(backend);
  const body = await readText(request, maxBodyBytes);
  if (body === undefined) {
    response.destroy();
    return;
  }
  const command = parseQueryRequest(body);
  const refusal = "code" in command ? command : unsigned(request);
  if ("code" in command || refusal !== undefined) {
    sendError(response, refusal as Refusal, requestId);
    return;
  }
  const outcome = await backend.perform(command, callerOf(backend, request));
  sendOutcome({ backend, response, requestId }, outcome);
}

interface Reply {
  readonly backend: FakeAwsBackend;
  readonly response: ServerResponse;
  readonly requestId: string;
}

function sendOutcome({ backend, response, requestId }: Reply, outcome: FaultyOutcome<Ec2Result>): void {
  if (outcome.kind === "refused") {
    const { code, message = "the fault plan refuses the call", retryAfterMs } = outcome.fail;
    if (retryAfterMs !== undefined) response.setHeader("retry-after", Math.ceil(retryAfterMs / 1000));
    sendError(response, { code, message, httpStatus: httpStatusByCode[code] ?? 400 }, requestId);
    return;
  }
  const result = outcome.answer;
  const isAnswer = result !== undefined && "answer" in result;
  const { accountId } = backend.model.state();
  const text = isAnswer ? renderAnswer(result, { accountId, requestId }) : "";
  if (outcome.kind === "lost") breakAnswer(response, outcome.how, text);
  else if (isAnswer) sendXml(response, 200, { text, requestId });
  else if (result !== undefined) sendError(response, result.refusal, requestId);
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
  response.writeHead(200, { "content-type": "text/xml;charset=UTF-8", "content-length": Buffer.byteLength(text) });
  response.write(text.slice(0, text.length / 2), () => response.destroy());
}

function sendError(response: ServerResponse, { code, message, httpStatus }: Refusal, requestId: string): void {
  sendXml(response, httpStatus, { text: renderError(code, message, requestId), requestId });
}

function sendXml(
  response: ServerResponse,
  status: number,
  { text, requestId }: { readonly text: string; readonly requestId: string },
): void {
  response.writeHead(status, { "content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": requestId });
  response.end(text);
}

/** The instance behind the peer's address; else whose key signed (of a role's key, that is its instance). */
function callerOf({ model }: FakeAwsBackend, request: IncomingMessage): string {
  const peer = peerAddress(request);
  const own = model.state().interfaces.find((candidate) => candidate.privateIpAddress === peer);
  return own?.attachment?.instanceId ?? accessKeyOf(request) ?? "unknown";
}

function unsigned(request: IncomingMessage): Refusal | undefined {
  if (accessKeyOf(request) !== undefined) return undefined;
  const message = "AWS was not able to validate the provided access credentials";
  return { code: "AuthFailure", httpStatus: 401, message };
}

function accessKeyOf(request: IncomingMessage): string | undefined {
  return /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\//.exec(request.headers.authorization ?? "")?.[1];
}

/** In the form of a UUID, as EC2's are. */
function requestIdFrom({ random }: FakeAwsBackend): string {
  return random.hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
