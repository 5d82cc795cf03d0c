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
  /** Default: PODWIRE_AZURE_METADATA_ENDPOINT, else the link-local address of the service. */
  readonly endpoint?: string;
  /** How long one request may take. Default 5 s: the service is on the machine itself. */
  readonly timeoutMs?: number;
}

/**
 * Who am I, from Azure's instance metadata service. It does not tell the virtual network, so `networkId` is empty: the
 * provider finds the network through the primary interface.
 * https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
 */
export function createMetadataIdentity(options: MetadataOptions): NodeIdentity {
  let self: NodeRef | undefined;
  return {
    async self(signal) {
      self ??= nodeOf(await ask(options, signal));
      return self;
    },
  };
}

const path = "/metadata/instance?api-version=2021-02-01";

interface InstanceDocument {
  readonly compute?: Readonly<Record<string, unknown>>;
  readonly network?: { readonly interface?: readonly InstanceInterface[] };
}

interface InstanceInterface {
  readonly macAddress?: unknown;
  readonly ipv4?: { readonly ipAddress?: readonly { readonly privateIpAddress?: unknown }[] };
}

function nodeOf({ compute = {}, network }: InstanceDocument): NodeRef {
  // The service lists the primary interface first, and its primary address first.
  const [primary] = network?.interface ?? [];
  const [address] = primary?.ipv4?.ipAddress ?? [];
  const region = textOf(compute, "location");
  const zone = compute["zone"];
  return {
    cloud: "azure",
    id: textOf(compute, "resourceId"),
    instanceType: textOf(compute, "vmSize"),
    region,
    zone: typeof zone === "string" && zone !== "" ? `${region}-${zone}` : region,
    networkId: "",
    primaryMac: macOf(primary?.macAddress),
    primaryAddress: tryParseAddress(`${address?.privateIpAddress}`) ?? fail("privateIpAddress", address),
  };
}

/** 000D3A6BB09F. */
function macOf(value: unknown) {
  const digits = `${value}`.toLowerCase().match(/../g) ?? [];
  return tryParseMac(digits.join(":")) ?? fail("macAddress", value);
}

function textOf(document: Readonly<Record<string, unknown>>, name: string): string {
  const value = document[name];
  return typeof value === "string" && value !== "" ? value : fail(name, value);
}

function fail(name: string, value: unknown): never {
  throw unreachable(`the metadata service answers nonsense: ${name} is ${quoteValue(value)}`);
}

const maxAnswerBytes = 64 * 1024;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** @throws CLOUD_UNREACHABLE, CANCELLED */
async function ask({ clock, endpoint, timeoutMs = 5_000 }: MetadataOptions, signal: CancelSignal) {
  if (signal.aborted) throw cancelled();
  const base = endpoint ?? process.env["PODWIRE_AZURE_METADATA_ENDPOINT"] ?? "http://169.254.169.254";
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal.addEventListener("abort", abort, { once: true });
  const cancelTimer = clock.startTimer(timeoutMs, abort);
  try {
    return documentOf(await send(new URL(path, base), controller.signal));
  } catch (thrown) {
    if (signal.aborted) throw cancelled();
    if (thrown instanceof PodwireError) throw thrown;
    throw unreachable(`the metadata service at ${base} does not answer`, thrown);
  } finally {
    cancelTimer();
    signal.removeEventListener("abort", abort);
  }
}

function documentOf({ status, body }: Answer): InstanceDocument {
  if (status !== 200) throw unreachable(`the metadata service answered HTTP ${status}`);
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Falls through to the same error.
  }
  return fail("the instance document", body);
}

/** A connection of its own, closed with it: the service is asked once in a node's life. No proxy may be in between. */
function send(url: URL, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers: { metadata: "true" }, signal, agent: false }, (response) => {
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
