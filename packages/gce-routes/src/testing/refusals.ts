import { overlaps, tryParseCidr } from "@podwire/core";
import type { ComputeAction } from "../api.ts";
import { lastNameOf, pathOf } from "../resource-path.ts";
import { findInterface, parseRange } from "./alias-life.ts";
import type { ComputeRequests } from "./requests.ts";
import { parseFilter } from "./route-filter.ts";
import { spaceOf, urlOf, type World } from "./world.ts";

/** Why Compute Engine does not carry out a request. */
export interface Refusal {
  readonly reason: string;
  readonly httpStatus: number;
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** One reason to refuse. The first row whose condition holds decides. */
export interface RefusalRow<A extends ComputeAction> {
  readonly condition: string;
  readonly reason: string;
  readonly httpStatus: number;
  /** Where it is documented or was seen. `unverified`: nobody has shown how Compute Engine says it. */
  readonly source: string;
  readonly refuses: (world: World, request: ComputeRequests[A]) => string | undefined;
}

/** Reasons that have nothing to do with what stands in the cloud: the wire door or a fault plan gives them. */
export const httpStatusByReason: Readonly<Record<string, number>> = {
  authError: 401,
  backendError: 503,
  conditionNotMet: 412,
  alreadyExists: 409,
  forbidden: 403,
  insufficientPermissions: 403,
  internalError: 500,
  notFound: 404,
  quotaExceeded: 403,
  rateLimitExceeded: 403,
  required: 401,
};

const errorsPage = "https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-api-errors";
const aliasPage = "https://cloud.google.com/vpc/docs/alias-ip";
const routesPage = "https://cloud.google.com/vpc/docs/routes";

export const refusals: { readonly [A in ComputeAction]: readonly RefusalRow<A>[] } = {
  "instances.get": [instanceUnknown()],
  "instances.updateNetworkInterface": [
    instanceUnknown(),
    {
      condition: "an interface that the instance does not have",
      reason: "invalid",
      httpStatus: 400,
      source: "unverified",
      refuses: (world, request) =>
        textIf(
          findInterface(world, request) === undefined,
          `Invalid value for field 'networkInterface': '${request.networkInterface}'. There is no such interface.`,
        ),
    },
    {
      condition: "no fingerprint",
      reason: "invalid",
      httpStatus: 400,
      source: "https://cloud.google.com/compute/docs/reference/rest/v1/instances/updateNetworkInterface",
      refuses: (_world, { fingerprint }) => textIf((fingerprint ?? "") === "", "Fingerprint is required."),
    },
    {
      condition: "a fingerprint that is not the interface's",
      reason: "conditionNotMet",
      httpStatus: 412,
      source: "https://github.com/kubernetes/cloud-provider-gcp, providers/gce/gce_instances.go",
      refuses: (world, request) =>
        textIf(
          findInterface(world, request)?.fingerprint !== request.fingerprint,
          "Supplied fingerprint does not match current metadata fingerprint.",
        ),
    },
    {
      condition: "a text that is no range",
      reason: "invalid",
      httpStatus: 400,
      source: aliasPage,
      refuses: (_world, { aliasIpRanges = [] }) => {
        const wrong = aliasIpRanges.find((range) => parseRange(range) === undefined);
        return textIf(wrong !== undefined, `Invalid IP CIDR range '${wrong?.ipCidrRange}'.`);
      },
    },
    {
      condition: "a secondary range that the subnetwork does not have",
      reason: "invalid",
      httpStatus: 400,
      source: `${aliasPage} (text unverified)`,
      refuses: (world, request) => {
        const subnetwork = findInterface(world, request)?.subnetwork ?? "";
        const wrong = (request.aliasIpRanges ?? []).find(
          (range) => spaceOf(world, subnetwork, range.subnetworkRangeName) === undefined,
        );
        return textIf(
          wrong !== undefined,
          `Secondary range '${wrong?.subnetworkRangeName}' does not exist in subnetwork '${subnetwork}'.`,
        );
      },
    },
    {
      condition: "more than 150 alias ranges",
      reason: "limitExceeded",
      httpStatus: 400,
      source: "https://cloud.google.com/vpc/docs/quota#per_instance (code and text unverified)",
      refuses: (_world, { aliasIpRanges = [] }) =>
        textIf(aliasIpRanges.length > 150, "Exceeded the maximum of 150 alias IP ranges per network interface."),
    },
  ],
  "subnetworks.get": [
    unknownRow((world, { project, region, subnetwork }) => {
      const found = world.subnetworks.get(subnetwork);
      return {
        path: `projects/${project}/regions/${region}/subnetworks/${subnetwork}`,
        exists: isProject(world, project) && found?.region === region,
      };
    }),
  ],
  "networks.get": [
    unknownRow((world, { project, network }) => ({
      path: `projects/${project}/global/networks/${network}`,
      exists: isProject(world, project) && world.networks.has(network),
    })),
  ],
  "routes.list": [
    projectUnknown(),
    {
      condition: "a filter that cannot be read",
      reason: "invalid",
      httpStatus: 400,
      source: "https://cloud.google.com/compute/docs/reference/rest/v1/routes/list",
      refuses: (_world, { filter = "" }) =>
        textIf(parseFilter(filter) === undefined, `Invalid value for field 'filter': '${filter}'.`),
    },
  ],
  "routes.insert": [
    projectUnknown(),
    {
      condition: "a name that is none, a range that is none, no network or no next hop",
      reason: "invalid",
      httpStatus: 400,
      source: "https://cloud.google.com/compute/docs/reference/rest/v1/routes/insert (texts unverified)",
      refuses: (_world, { route }) => textIf(!isWellFormed(route), "Invalid value for field 'resource'."),
    },
    {
      condition: "a name that another route of the project has, whatever it says",
      reason: "alreadyExists",
      httpStatus: 409,
      source: "https://github.com/kubernetes/cloud-provider-gcp, providers/gce/gce_routes.go",
      refuses: (world, { route: { name = "" } }) =>
        textIf(world.routes.has(name), `The resource 'projects/${world.project}/global/routes/${name}' already exists`),
    },
    {
      condition: "a network or an instance that does not exist",
      reason: "notFound",
      httpStatus: 404,
      source: `${errorsPage} (unverified for routes)`,
      refuses: (world, { route }) => {
        const network = world.networks.has(lastNameOf(route.network ?? ""));
        const hop = route.nextHopInstance === undefined || world.instances.has(lastNameOf(route.nextHopInstance));
        const missing = network ? route.nextHopInstance : route.network;
        return textIf(!network || !hop, `The resource '${pathOf(missing ?? "")}' was not found`);
      },
    },
    {
      condition: "a range inside a subnetwork of the network, or around one",
      reason: "invalid",
      httpStatus: 400,
      source: `${routesPage}#subnet-static-route-interactions`,
      refuses: (world, { route }) => {
        const dest = tryParseCidr(route.destRange ?? "");
        const inside = [...world.subnetworks.values()].find(
          (subnetwork) =>
            subnetwork.network === lastNameOf(route.network ?? "") &&
            [subnetwork.ipCidrRange, ...subnetwork.secondaryIpRanges.map((range) => range.ipCidrRange)].some((text) => {
              const range = tryParseCidr(text);
              return dest !== undefined && range !== undefined && !isDefault(dest) && overlaps(range, dest);
            }),
        );
        return textIf(
          inside !== undefined,
          `Invalid IPCidrRange: ${dest} conflicts with existing subnetwork '${inside?.name}'.`,
        );
      },
    },
    {
      condition: "as many routes as the network may have",
      reason: "quotaExceeded",
      httpStatus: 403,
      source: "https://cloud.google.com/vpc/docs/quota#per_network (the number is the scenario's)",
      refuses: (world, { route }) => {
        const network = world.networks.get(lastNameOf(route.network ?? ""));
        const url = urlOf(world, `global/networks/${network?.name}`);
        const count = [...world.routes.values()].filter((other) => other.network === url).length;
        return textIf(
          network !== undefined && count >= network.staticRoutesPerNetwork,
          `Quota 'STATIC_ROUTES_PER_NETWORK' exceeded.  Limit: ${network?.staticRoutesPerNetwork}.0`,
        );
      },
    },
  ],
  "routes.delete": [
    unknownRow((world, { project, route }) => ({
      path: `projects/${project}/global/routes/${route}`,
      exists: isProject(world, project) && world.routes.has(route),
    })),
  ],
  "zoneOperations.wait": [
    unknownRow((world, { project, zone, operation }) => ({
      path: `projects/${project}/zones/${zone}/operations/${operation}`,
      exists: isProject(world, project) && world.operations.get(operation)?.scope === zone,
    })),
  ],
  "globalOperations.wait": [
    unknownRow((world, { project, operation }) => ({
      path: `projects/${project}/global/operations/${operation}`,
      exists: isProject(world, project) && world.operations.get(operation)?.scope === "global",
    })),
  ],
};

export function refusalOf<A extends ComputeAction>(
  action: A,
  world: World,
  request: ComputeRequests[A],
): Refusal | undefined {
  for (const { reason, httpStatus, refuses } of refusals[action]) {
    const message = refuses(world, request);
    if (message !== undefined) return { reason, httpStatus, message };
  }
  return undefined;
}

function instanceUnknown(): RefusalRow<"instances.get" | "instances.updateNetworkInterface"> {
  return unknownRow((world, { project, zone, instance }) => ({
    path: `projects/${project}/zones/${zone}/instances/${instance}`,
    exists: isProject(world, project) && world.instances.get(instance)?.zone === zone,
  }));
}

function projectUnknown(): RefusalRow<"routes.list" | "routes.insert"> {
  return unknownRow((world, { project }) => ({ path: `projects/${project}`, exists: isProject(world, project) }));
}

function unknownRow<A extends ComputeAction>(
  look: (world: World, request: ComputeRequests[A]) => { readonly path: string; readonly exists: boolean },
): RefusalRow<A> {
  return {
    condition: "a resource that does not exist",
    reason: "notFound",
    httpStatus: 404,
    source: errorsPage,
    refuses: (world, request) => {
      const { path, exists } = look(world, request);
      return textIf(!exists, `The resource '${path}' was not found`);
    },
  };
}

/** A number names a project too. */
function isProject(world: World, project: string): boolean {
  return project === world.project || project === world.projectNumber;
}

function isWellFormed(route: ComputeRequests["routes.insert"]["route"]): boolean {
  const { name = "", destRange = "", network = "", nextHopInstance, nextHopGateway, nextHopIp } = route;
  const hops = [nextHopInstance, nextHopGateway, nextHopIp].filter((hop) => hop !== undefined);
  const isName = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
  return isName && tryParseCidr(destRange) !== undefined && network !== "" && hops.length === 1;
}

function isDefault(cidr: string): boolean {
  return cidr.endsWith("/0");
}

function textIf(condition: boolean, text: string): string | undefined {
  return condition ? text : undefined;
}
