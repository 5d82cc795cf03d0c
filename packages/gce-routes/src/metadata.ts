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
  /** Default: http:// and GCE_METADATA_HOST, as Google's libraries read it, else the server's link-local address. */
  readonly endpoint?: string;
  /** How long one request may take. Default 5 s: the server is on the machine itself. */
  readonly timeoutMs?: number;
}

/** Who am I, from the metadata server. https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys */
export function createMetadataIdentity(options: MetadataOptions): NodeIdentity {
  const host = process.env["GCE_METADATA_HOST"];
  const endpoint = options.endpoint ?? (host === undefined ? "http://169.254.169.254" : `http://${host}`);
  const server: MetadataServer = { timeoutMs: 5_000, ...options, endpoint };
  let self: NodeRef | undefined;
  return {
    async self(signal) {
      self ??= await askWhoIAm((path) => get(server, path, signal));
      return self;
    },
  };
}

type Ask = (path: string) => Promise<string>;

/** Single values, for the number of an instance is more than JSON holds in a tree. */
async function askWhoIAm(ask: Ask): Promise<NodeRef> {
  const project = nameOf("project-id", await ask("project/project-id"));
  const projectNumber = nameOf("numeric-project-id", await ask("project/numeric-project-id"));
  const zone = lastNameOf("zone", await ask("instance/zone"));
  const name = nameOf("name", await ask("instance/name"));
  const network = await ask("instance/network-interfaces/0/network");
  const [, owner = "", networkName = ""] = /^projects\/([^/]+)\/networks\/([^/]+)$/.exec(network) ?? [];
  if (networkName === "") return fail("network", network);
  const macText = await ask("instance/network-interfaces/0/mac");
  const ip = await ask("instance/network-interfaces/0/ip");
  return {
    cloud: "gce",
    id: `projects/${project}/zones/${zone}/instances/${name}`,
    instanceType: lastNameOf("machine-type", await ask("instance/machine-type")),
    region: zone.slice(0, zone.lastIndexOf("-")),
    zone,
    // Another project's network (a shared VPC) is known by that project's number alone.
    networkId: `projects/${owner === projectNumber ? project : owner}/global/networks/${networkName}`,
    primaryMac: tryParseMac(macText) ?? fail("mac", macText),
    primaryAddress: tryParseAddress(ip) ?? fail("ip", ip),
  };
}

function nameOf(key: string, text: string): string {
  return /^[a-z0-9][-a-z0-9.:]*$/.test(text) ? text : fail(key, text);
}

/** `projects/123/zones/europe-west1-b` */
function lastNameOf(key: string, text: string): string {
  return nameOf(key, text.slice(text.lastIndexOf("/") + 1));
}

function fail(name: string, value: unknown): never {
  throw unreachable(`the metadata server answers nonsense: ${name} is ${quoteValue(value)}`);
}

const maxAnswerBytes = 64 * 1024;
const flavor = "Google";

interface MetadataServer {
  readonly clock: Clock;
  readonly endpoint: string;
  readonly timeoutMs: number;
}

interface Answer {
  readonly status: number;
  readonly flavor: string | undefined;
  readonly body: string;
}

/** @throws CLOUD_UNREACHABLE, CANCELLED */
async function get(server: MetadataServer, path: string, signal: CancelSignal): Promise<string> {
  if (signal.aborted) throw cancelled();
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal.addEventListener("abort", abort, { once: true });
  const cancelTimer = server.clock.startTimer(server.timeoutMs, abort);
  try {
    const answer = await send(new URL(`/computeMetadata/v1/${path}`, server.endpoint), controller.signal);
    // Its answers carry the header too: whatever else listens at the address is not the metadata server.
    if (answer.status === 200 && answer.flavor === flavor) return answer.body.trim();
    throw unreachable(`the metadata server answered HTTP ${answer.status} for ${path}, flavor ${answer.flavor}`);
  } catch (thrown) {
    if (signal.aborted) throw cancelled();
    if (thrown instanceof PodwireError) throw thrown;
    throw unreachable(`the metadata server at ${server.endpoint} does not answer`, thrown);
  } finally {
    cancelTimer();
    signal.removeEventListener("abort", abort);
  }
}

/** One connection per request, closed with it: the server is asked a handful of times in a node's life. */
function send(url: URL, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "metadata-flavor": flavor };
    const request = httpRequest(url, { headers, signal, agent: false }, (response) => {
      const { statusCode: status = 0, headers: told } = response;
      readBody(response).then((body) => resolve({ status, flavor: told["metadata-flavor"]?.toString(), body }), reject);
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
    if (bytes > maxAnswerBytes) throw unreachable(`an answer of the metadata server exceeds ${maxAnswerBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function unreachable(message: string, cause?: unknown): PodwireError {
  const details = cause instanceof Error ? { details: cause.message, cause } : {};
  return new PodwireError("CLOUD_UNREACHABLE", message, { op: "ask the metadata server", ...details });
}

function cancelled(): PodwireError {
  return new PodwireError("CANCELLED", "the question to the metadata server was cancelled");
}
