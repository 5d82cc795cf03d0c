import { createHash } from "node:crypto";
import {
  addressBytes,
  type Cidr,
  type CloudRoute,
  type ClusterScope,
  cidrFamily,
  networkAddress,
  PodwireError,
  prefixLength,
  type RouteChange,
  tryParseCidr,
} from "@podwire/core";
import type { Network, Route, RouteResource } from "./api.ts";
import { lastNameOf, parseInstance, pathOf } from "./resource-path.ts";

/** As Kubernetes' own controller has it; routes of a higher priority have a smaller number. */
const priority = 1000;

/** One step towards what is wanted of one CIDR. A route cannot be changed, so that a wrong one is deleted first. */
export interface RouteStep {
  readonly cidr: Cidr;
  /** Names of routes of ours. */
  readonly deletes: readonly string[];
  readonly insert?: RouteResource;
}

export interface RoutePlan {
  readonly steps: readonly RouteStep[];
  /** What stands as wanted: put, or removed. */
  readonly settled: ReadonlySet<Cidr>;
  /** CIDRs that somebody else's route keeps from being ours. */
  readonly conflicts: readonly PodwireError[];
}

/** What is left to do so that the routes are those wanted. Touches nothing that is not the cluster's. Pure. */
export function planRoutes(change: RouteChange, network: Network, routes: readonly Route[]): RoutePlan {
  const { scope } = change;
  const steps: RouteStep[] = [];
  const settled = new Set<Cidr>();
  const conflicts: PodwireError[] = [];
  for (const { cidr, node } of change.put) {
    const wanted = routeFor({ scope, network, cidr, nodeId: node.id });
    const there = routes.filter((route) => tryParseCidr(route.destRange) === cidr);
    const obstacle = obstacleTo(wanted, scope, routes);
    const ours = there.filter((route) => isOurs(route, scope));
    const wrong = ours.filter((route) => !isSame(route, wanted)).map(({ name }) => name);
    const stands = ours.length > wrong.length;
    if (obstacle !== undefined) conflicts.push(obstacle);
    else if (wrong.length === 0 && stands) settled.add(cidr);
    else steps.push({ cidr, deletes: wrong, ...(stands ? {} : { insert: wanted }) });
  }
  for (const cidr of change.remove) {
    const ours = routes.filter((route) => isOurs(route, scope) && tryParseCidr(route.destRange) === cidr);
    if (ours.length === 0) settled.add(cidr);
    else steps.push({ cidr, deletes: ours.map(({ name }) => name) });
  }
  return { steps, settled, conflicts };
}

/** Undefined for a destination that is no CIDR, which Compute Engine does not have. */
export function cloudRouteOf(route: Route, scope: ClusterScope): CloudRoute | undefined {
  const cidr = tryParseCidr(route.destRange);
  if (cidr === undefined) return undefined;
  return {
    cidr,
    nodeId: pathOf(route.nextHopInstance ?? route.otherHop ?? ""),
    owner: isOurs(route, scope) ? "ours" : "foreign",
    // The instance is gone, stands still, or may not forward.
    blackhole: route.warnings.some((code) => code.startsWith("NEXT_HOP_")),
  };
}

/** Routes have no labels: the description says whose they are. */
function descriptionOf({ clusterName }: ClusterScope): string {
  return `podwire route of cluster ${clusterName}`;
}

/**
 * Unique in the project, so that it says cluster, network, family and range; at most 63 characters. The same range
 * always has the same name: two writers cannot both insert it.
 */
export function routeName({ clusterName }: ClusterScope, network: Network, cidr: Cidr): string {
  const owner = createHash("sha256").update(`${clusterName}\n${network.name}`).digest("hex").slice(0, 10);
  const family = cidrFamily(cidr);
  const address = networkAddress(cidr);
  const text = family === 4 ? address.replaceAll(".", "-") : Buffer.from(addressBytes(address)).toString("hex");
  return `podwire-${owner}-v${family}-${text}-${prefixLength(cidr)}`;
}

interface WantedRoute {
  readonly scope: ClusterScope;
  readonly network: Network;
  readonly cidr: Cidr;
  readonly nodeId: string;
}

function routeFor({ scope, network, cidr, nodeId }: WantedRoute): RouteResource {
  const root = network.selfLink.slice(0, network.selfLink.indexOf("projects/"));
  const { project, zone, instance } = parseInstance(nodeId);
  return {
    name: routeName(scope, network, cidr),
    description: descriptionOf(scope),
    network: network.selfLink,
    destRange: cidr,
    priority,
    nextHopInstance: `${root}projects/${project}/zones/${zone}/instances/${instance}`,
  };
}

function isOurs(route: Route, scope: ClusterScope): boolean {
  return route.description === descriptionOf(scope);
}

/** The projects of two URLs may be a name and a number: what is compared is below them. */
function isSame(route: Route, wanted: RouteResource): boolean {
  const hop = pathOf(route.nextHopInstance ?? "");
  return (
    route.priority === wanted.priority &&
    lastNameOf(route.network) === lastNameOf(wanted.network) &&
    hop === pathOf(wanted.nextHopInstance)
  );
}

/**
 * Somebody else's route for the same range: with two of one priority the cloud would spread packets over both hops, and
 * one of a higher priority would take them all. And somebody else's route of the name.
 */
function obstacleTo(wanted: RouteResource, scope: ClusterScope, routes: readonly Route[]): PodwireError | undefined {
  const cidr = tryParseCidr(wanted.destRange);
  const obstacle = routes.find((route) => {
    if (isOurs(route, scope)) return false;
    const competes = tryParseCidr(route.destRange) === cidr && route.priority <= wanted.priority;
    return competes || route.name === wanted.name;
  });
  if (obstacle === undefined) return undefined;
  const { name, destRange, nextHopInstance, otherHop = "somewhere else" } = obstacle;
  return new PodwireError("CLOUD_CONFLICT", `route ${name} of somebody else is in the way of ${cidr}`, {
    op: `insert route ${wanted.name}`,
    value: name,
    details: `compute.routes.list: ${name} leads ${destRange} to ${pathOf(nextHopInstance ?? otherHop)}`,
  });
}
