import { type NodeReport, protocol } from "@podwire/core";
import { jsonReply, type Route } from "./route.ts";

/** `GET /v1/status`: what the node agent knows, as JSON. */
export function statusRoute(report: () => NodeReport): Route {
  return {
    method: "GET",
    path: protocol.statusPath,
    maxBodyBytes: 0,
    respond: async () => jsonReply(200, `${JSON.stringify(report())}\n`),
  };
}

export interface Exposition {
  readonly contentType: string;
  /** Every series, in the text format of the content type. */
  expose(): Promise<string>;
}

/** `GET /metrics` for Prometheus. */
export function metricsRoute({ contentType, expose }: Exposition): Route {
  return {
    method: "GET",
    path: protocol.metricsPath,
    maxBodyBytes: 0,
    respond: async () => ({ status: 200, mediaType: contentType, body: await expose() }),
  };
}
