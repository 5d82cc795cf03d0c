import type { IncomingMessage, ServerResponse } from "node:http";
import type { AnswerLoss, FaultyOutcome } from "@podwire/testkit";
import type { FakeAnswer } from "./answer-document.ts";
import { createCertificate } from "./certificate.ts";
import type { FakeAzureBackend } from "./fake-azure.ts";
import { answerOfFault } from "./fault-answer.ts";
import { refusalDocument } from "./refusal-row.ts";
import type { ArmRequest } from "./route-of-request.ts";
import { type FakeServer, type ListenAddress, listen, readText } from "./server.ts";

export interface FakeArmServer extends FakeServer {
  /** PEM, for the `ca` of a client or NODE_EXTRA_CA_CERTS. */
  readonly certificate: string;
}

const maxBodyBytes = 4 * 1024 * 1024;

/** ARM's REST interface. HTTPS, with a certificate made now: the SDK sends no token over anything else. */
export async function serveRest(backend: FakeAzureBackend, address: ListenAddress): Promise<FakeArmServer> {
  const certificate = createCertificate(address.host);
  const server = await listen(
    (request, response) => {
      answer(backend, request, response).catch(() => response.destroy());
    },
    address,
    certificate,
  );
  return { ...server, certificate: certificate.certificate };
}

async function answer(backend: FakeAzureBackend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await readText(request, maxBodyBytes);
  const caller = callerOf(request);
  const body = text === undefined ? undefined : parseBody(text);
  if (caller === undefined) return send(response, refused("AuthenticationFailed", 401, "Authentication failed."));
  if (body === undefined)
    return send(response, refused("InvalidRequestContent", 400, "The request is not valid JSON."));
  const baseUrl = `https://${request.headers.host}`;
  sendOutcome(response, await backend.perform(requestOf(request, body.value), { caller, baseUrl }));
}

/** The SDK repeats If-Match on polls and the final GET; ARM minds it where something is written. */
function requestOf(request: IncomingMessage, body: unknown): ArmRequest {
  const { method = "GET", url: path = "/", headers } = request;
  const ifMatch = method === "GET" ? undefined : headers["if-match"];
  return { method, path, ...(ifMatch === undefined ? {} : { ifMatch }), ...(body === undefined ? {} : { body }) };
}

/** A token must be there; it is not verified. The fake's metadata server puts the machine's name into it. */
function callerOf(request: IncomingMessage): string | undefined {
  return /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
}

function parseBody(text: string): { readonly value: unknown } | undefined {
  if (text === "") return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function sendOutcome(response: ServerResponse, outcome: FaultyOutcome<FakeAnswer>): void {
  if (outcome.kind === "answered") send(response, outcome.answer);
  else if (outcome.kind === "refused") send(response, answerOfFault(outcome.fail));
  else lose(response, outcome.how, outcome.answer);
}

function lose(response: ServerResponse, how: AnswerLoss, answered: FakeAnswer | undefined): void {
  if (how === "html-503") {
    response.writeHead(503, { "content-type": "text/html" });
    response.end("<html><body>Service Unavailable</body></html>");
    return;
  }
  if (how === "reset" || answered === undefined) {
    response.destroy();
    return;
  }
  const text = JSON.stringify(answered.document ?? {});
  response.writeHead(answered.status, { "content-type": "application/json", "content-length": text.length });
  response.write(text.slice(0, text.length / 2), () => response.destroy());
}

function send(response: ServerResponse, { status, headers, document }: FakeAnswer): void {
  const text = document === undefined ? "" : JSON.stringify(document);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "x-ms-request-id": "00000000-0000-4000-8000-00000000feed",
    "x-ms-correlation-request-id": "00000000-0000-4000-8000-00000000c0de",
    "x-ms-ratelimit-remaining-subscription-reads": "11999",
    ...headers,
  });
  response.end(text);
}

function refused(code: string, status: number, message: string): FakeAnswer {
  return { status, headers: {}, document: refusalDocument({ code, httpStatus: status, message }) };
}
