import { request as httpRequest, type IncomingMessage } from "node:http";
import {
  type CancelSignal,
  type Clock,
  type NodeIdentity,
  type NodeRef,
  PodwireError,
  quoteValue,
  tryParseAddress,
  tryParseMac,
} from "@podwire/core";

export interface MetadataOptions {
  readonly clock: Clock;
  /** Default: AWS_EC2_METADATA_SERVICE_ENDPOINT, else the link-local address of the service. */
  readonly endpoint?: string;
  /** How long one request may take. Default 5 s: the service is on the machine itself. */
  readonly timeoutMs?: number;
}

/**
 * Who am I, from the instance metadata service, version 2 only: without a session token nothing is asked.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export function createMetadataIdentity(options: MetadataOptions): NodeIdentity {
  const session = new MetadataSession(options);
  let self: NodeRef | undefined;
  return {
    async self(signal) {
      self ??= await askWhoIAm(session, signal);
      return self;
    },
  };
}

async function askWhoIAm(session: MetadataSession, signal: CancelSignal): Promise<NodeRef> {
  const document = parseDocument(await session.get("/latest/dynamic/instance-identity/document", signal));
  const macText = await session.get("/latest/meta-data/mac", signal);
  const primaryMac = tryParseMac(macText) ?? fail("mac", macText);
  const vpcId = await session.get(`/latest/meta-data/network/interfaces/macs/${primaryMac}/vpc-id`, signal);
  const privateIp = textOf(document, "privateIp");
  return {
    cloud: "aws",
    id: textOf(document, "instanceId"),
    instanceType: textOf(document, "instanceType"),
    region: textOf(document, "region"),
    zone: textOf(document, "availabilityZone"),
    networkId: /^vpc-[0-9a-z-]+$/.test(vpcId) ? vpcId : fail("vpc-id", vpcId),
    primaryMac,
    primaryAddress: tryParseAddress(privateIp) ?? fail("privateIp", privateIp),
  };
}

function parseDocument(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Falls through to the same error.
  }
  return fail("the instance identity document", text);
}

function textOf(document: Readonly<Record<string, unknown>>, name: string): string {
  const value = document[name];
  return typeof value === "string" && value !== "" ? value : fail(name, value);
}

function fail(name: string, value: unknown): never {
  throw unreachable(`the metadata service answers nonsense: ${name} is ${quoteValue(value)}`);
}

const tokenLifeSeconds = 21_600;
const maxAnswerBytes = 64 * 1024;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Keeps the session token; the service ends it when it likes and says so with 401. */
class MetadataSession {
  readonly #endpoint: string;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #token: string | undefined;

  constructor({ clock, endpoint, timeoutMs = 5_000 }: MetadataOptions) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#endpoint = endpoint ?? process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254";
  }

  /** @throws CLOUD_UNREACHABLE, CANCELLED */
  async get(path: string, signal: CancelSignal): Promise<string> {
    const cached = this.#token;
    let answer = await this.#getWith(cached ?? (await this.#newToken(signal)), path, signal);
    if (answer.status === 401 && cached !== undefined) {
      answer = await this.#getWith(await this.#newToken(signal), path, signal);
    }
    if (answer.status === 200) return answer.body.trim();
    throw unreachable(`the metadata service answered HTTP ${answer.status} for ${path}`);
  }

  #getWith(token: string, path: string, signal: CancelSignal): Promise<Answer> {
    return this.#request({ method: "GET", path, headers: { "x-aws-ec2-metadata-token": token } }, signal);
  }

  async #newToken(signal: CancelSignal): Promise<string> {
    const headers = { "x-aws-ec2-metadata-token-ttl-seconds": String(tokenLifeSeconds) };
    const answer = await this.#request({ method: "PUT", path: "/latest/api/token", headers }, signal);
    // No falling back to version 1: it would give credentials away to whoever can make the node send a GET.
    if (answer.status !== 200 || !/^[\x21-\x7e]{1,1024}$/.test(answer.body)) {
      throw unreachable(`the metadata service gave no session token (HTTP ${answer.status})`);
    }
    this.#token = answer.body;
    return answer.body;
  }

  async #request(request: MetadataRequest, signal: CancelSignal): Promise<Answer> {
    if (signal.aborted) throw cancelled();
    const controller = new AbortController();
    const abort = () => controller.abort();
    signal.addEventListener("abort", abort, { once: true });
    const cancelTimer = this.#clock.startTimer(this.#timeoutMs, abort);
    try {
      return await send(new URL(request.path, this.#endpoint), request, controller.signal);
    } catch (thrown) {
      if (signal.aborted) throw cancelled();
      if (thrown instanceof PodwireError) throw thrown;
      throw unreachable(`the metadata service at ${this.#endpoint} does not answer`, thrown);
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", abort);
    }
  }
}

interface MetadataRequest {
  readonly method: "GET" | "PUT";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One connection per request, closed with it: the service is asked a handful of times in a node's life. */
function send(url: URL, { method, headers }: MetadataRequest, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, signal, agent: false }, (response) => {
      readBody(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    request.on("error", reject);
    request.end();
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxAnswerBytes) throw unreachable(`an answer of the metadata service exceeds ${maxAnswerBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function unreachable(message: string, cause?: unknown): PodwireError {
  const details = cause instanceof Error ? { details: cause.message, cause } : {};
  return new PodwireError("CLOUD_UNREACHABLE", message, { op: "ask the metadata service", ...details });
}

function cancelled(): PodwireError {
  return new PodwireError("CANCELLED", "the question to the metadata service was cancelled");
}
