import type { ArmAction } from "../api.ts";

/** Those of podwire, and a few that other clients make. */
export type FakeAction =
  | ArmAction
  | "subnets.get"
  | "routes.get"
  | "routes.createOrUpdate"
  | "routes.delete"
  | "unknown";

/** One request, without the host. */
export interface ArmRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly ifMatch?: string;
  readonly body?: unknown;
}

/** What a request is about. */
export interface RequestRoute {
  readonly action: FakeAction;
  readonly subscriptionId: string;
  /** Empty for what belongs to none. */
  readonly resourceGroup: string;
  /** Of the resource, without its child; of a list the path. */
  readonly id: string;
  /** Name of a child (a subnet, a route) or of an operation. */
  readonly child: string;
  readonly query: URLSearchParams;
}

interface Pattern {
  readonly method: string;
  readonly path: RegExp;
  readonly action: FakeAction;
}

const network = "^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\\.Network";

const patterns: readonly Pattern[] = [
  pattern("GET", `${network}/networkInterfaces()`, "networkInterfaces.list"),
  pattern("GET", `${network}/networkInterfaces/[^/]+()`, "networkInterfaces.get"),
  pattern("PUT", `${network}/networkInterfaces/[^/]+()`, "networkInterfaces.createOrUpdate"),
  pattern("GET", `${network}/virtualNetworks/[^/]+()`, "virtualNetworks.get"),
  pattern(
    "GET",
    `${network}/virtualNetworks/[^/]+/(CheckIPAddressAvailability)`,
    "virtualNetworks.checkIPAddressAvailability",
  ),
  pattern("GET", `${network}/virtualNetworks/[^/]+/subnets/([^/]+)`, "subnets.get"),
  pattern("GET", `${network}/routeTables/[^/]+()`, "routeTables.get"),
  pattern("PUT", `${network}/routeTables/[^/]+()`, "routeTables.createOrUpdate"),
  pattern("GET", `${network}/routeTables/[^/]+/routes/([^/]+)`, "routes.get"),
  pattern("PUT", `${network}/routeTables/[^/]+/routes/([^/]+)`, "routes.createOrUpdate"),
  pattern("DELETE", `${network}/routeTables/[^/]+/routes/([^/]+)`, "routes.delete"),
  pattern(
    "GET",
    "^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\\.Compute/virtualMachines/[^/]+()",
    "virtualMachines.get",
  ),
  pattern(
    "GET",
    "^/subscriptions/([^/]+)()/providers/Microsoft\\.Network/locations/[^/]+/operations/([^/]+)",
    "operations.get",
  ),
];

/** ARM's paths ignore case. */
export function routeOfRequest({ method, path }: ArmRequest): RequestRoute {
  const [pathname = "", search = ""] = path.split("?");
  const query = new URLSearchParams(search);
  for (const candidate of patterns) {
    const match = candidate.method === method ? candidate.path.exec(decodeURIComponent(pathname)) : null;
    if (match === null) continue;
    const [whole, subscriptionId = "", resourceGroup = "", child = ""] = match;
    const id = whole.replace(/\/(subnets|routes|CheckIPAddressAvailability)(\/[^/]+)?$/i, "");
    return { action: candidate.action, subscriptionId, resourceGroup, id, child, query };
  }
  return { action: "unknown", subscriptionId: "", resourceGroup: "", id: pathname, child: "", query };
}

function pattern(method: string, path: string, action: FakeAction): Pattern {
  return { method, path: new RegExp(`${path}$`, "i"), action };
}
