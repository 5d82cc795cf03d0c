import type { ComputeCommand } from "./requests.ts";

/** A request of Compute Engine's REST interface, of which the fake has only what is here. */
export interface RestRequest {
  readonly method: string;
  /** Below `/compute/v1/`, with the query. */
  readonly url: string;
  /** Parsed JSON; undefined where there is none. */
  readonly body: unknown;
}

type Found = Readonly<Record<string, string>>;
type Build = (found: Found, query: URLSearchParams, body: unknown) => ComputeCommand;

const zonal = "^projects/(?<project>[^/]+)/zones/(?<zone>[^/]+)";
const global = "^projects/(?<project>[^/]+)/global";

const table: readonly { readonly method: string; readonly pattern: RegExp; readonly build: Build }[] = [
  row("GET", `${zonal}/instances/(?<instance>[^/]+)$`, (found) => command("instances.get", found)),
  row("PATCH", `${zonal}/instances/(?<instance>[^/]+)/updateNetworkInterface$`, (found, query, body) =>
    command("instances.updateNetworkInterface", {
      ...found,
      networkInterface: query.get("networkInterface") ?? "",
      requestId: query.get("requestId") ?? undefined,
      ...pick(body, ["fingerprint", "aliasIpRanges"]),
    }),
  ),
  row("POST", `${zonal}/operations/(?<operation>[^/]+)/wait$`, (found) => command("zoneOperations.wait", found)),
  row("POST", `${global}/operations/(?<operation>[^/]+)/wait$`, (found) => command("globalOperations.wait", found)),
  row("GET", `${global}/networks/(?<network>[^/]+)$`, (found) => command("networks.get", found)),
  row("GET", "^projects/(?<project>[^/]+)/regions/(?<region>[^/]+)/subnetworks/(?<subnetwork>[^/]+)$", (found) =>
    command("subnetworks.get", found),
  ),
  row("GET", `${global}/routes$`, (found, query) =>
    command("routes.list", {
      ...found,
      filter: query.get("filter") ?? undefined,
      maxResults: Number(query.get("maxResults") ?? 500),
      pageToken: query.get("pageToken") ?? undefined,
    }),
  ),
  row("POST", `${global}/routes$`, (found, query, body) =>
    command("routes.insert", { ...found, route: body ?? {}, requestId: query.get("requestId") ?? undefined }),
  ),
  row("DELETE", `${global}/routes/(?<route>[^/]+)$`, (found, query) =>
    command("routes.delete", { ...found, requestId: query.get("requestId") ?? undefined }),
  ),
];

/** Undefined: the fake does not have it. */
export function parseRestRequest({ method, url, body }: RestRequest): ComputeCommand | undefined {
  const { pathname, searchParams } = new URL(url, "http://fake");
  const path = decodeURIComponent(pathname.replace(/^\/compute\/v1\//, ""));
  for (const { method: expected, pattern, build } of table) {
    const found = expected === method ? pattern.exec(path)?.groups : undefined;
    if (found !== undefined) return build(found, searchParams, body);
  }
  return undefined;
}

function row(method: string, pattern: string, build: Build) {
  return { method, pattern: new RegExp(pattern), build };
}

function command(action: ComputeCommand["action"], request: object): ComputeCommand {
  return { action, request: { ...request } } as ComputeCommand;
}

function pick(body: unknown, names: readonly string[]): object {
  if (typeof body !== "object" || body === null) return {};
  return Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name)));
}
