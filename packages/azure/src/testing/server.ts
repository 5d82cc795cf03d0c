import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Address, PodwireError, tryParseAddress } from "@podwire/core";
import type { ServerCertificate } from "./certificate.ts";

/** `port` 0: any that is free. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface FakeServer {
  /** `scheme://host:port`, without a slash at the end. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Ends every connection, also those in use, and resolves when the port is free again. */
  close(): Promise<void>;
}

/**
 * With a certificate it speaks HTTPS.
 * @throws CLOUD_REJECTED when the address cannot be listened on
 */
export async function listen(
  handle: RequestListener,
  { host, port }: ListenAddress,
  certificate?: ServerCertificate,
): Promise<FakeServer> {
  const server: Server =
    certificate === undefined
      ? createServer(handle)
      : createSecureServer({ key: certificate.key, cert: certificate.certificate }, handle);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new PodwireError("CLOUD_REJECTED", `cannot listen on ${host} port ${port}: ${cause.message}`, { cause })),
    );
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  const scheme = certificate === undefined ? "http" : "https";
  return {
    url: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${bound.port}`,
    host,
    port: bound.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The body as text; undefined when it is longer than `maxBytes` or the connection broke. */
export async function readText(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      if (bytes > maxBytes) return undefined;
      chunks.push(chunk as Buffer);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** IPv4 as such also where a dual-stack socket shows it mapped. */
export function peerAddress(request: IncomingMessage): Address | undefined {
  return tryParseAddress((request.socket.remoteAddress ?? "").replace(/^::ffff:/, ""));
}
