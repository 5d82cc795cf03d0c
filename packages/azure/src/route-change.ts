import {
  type CallOptions,
  type Cidr,
  cidrFamily,
  familyOf,
  type NodeRef,
  PodwireError,
  type RouteChange,
  type RouteOutcome,
  tryParseCidr,
} from "@podwire/core";
import type { Route, RouteTable } from "./api.ts";
import { changeDocument } from "./document-change.ts";
import { interfacesOf, mustBeMachine } from "./machine.ts";
import type { OperationTools } from "./operation.ts";
import type { OwnedNames } from "./owned-name.ts";
import { sameId } from "./resource-id.ts";

export interface RouteTools extends OperationTools {
  readonly names: OwnedNames;
  readonly routeTableId: string;
}

/**
 * All of a change in one document of the table: Azure takes one write of a table at a time. What stands at the end is
 * read from the table, never taken from the write's success.
 */
export async function changeRoutes(
  tools: RouteTools,
  change: RouteChange,
  options: CallOptions,
): Promise<RouteOutcome> {
  const { api, names, routeTableId } = tools;
  if (change.put.length + change.remove.length === 0) return { put: [], removed: [] };
  const wanted = await Promise.all(change.put.map((put) => wantedRoute(tools, put, options)));
  const asked: AskedRoutes = { wanted, remove: change.remove, names };
  const { before, after, failure } = await changeDocument<RouteTable>(
    tools,
    {
      call: { action: "routeTables.createOrUpdate", object: routeTableId },
      read: (call) => api.getRouteTable(routeTableId, call),
      edit: (table) => edited(asked, table),
      write: (table, call) => api.putRouteTable(table, call),
    },
    options,
  );
  const outcome = outcomeIn(asked, after);
  if (failure !== undefined && sameOutcome(outcome, outcomeIn(asked, before))) throw failure;
  if (outcome.put.length + outcome.removed.length === 0) throw obstructed(asked, after);
  return outcome;
}

interface WantedRoute {
  readonly cidr: Cidr;
  readonly route: Route;
}

interface AskedRoutes {
  readonly wanted: readonly WantedRoute[];
  readonly remove: readonly Cidr[];
  readonly names: OwnedNames;
}

async function wantedRoute(
  tools: RouteTools,
  { cidr, node }: RouteChange["put"][number],
  options: CallOptions,
): Promise<WantedRoute> {
  mustBeMachine(node);
  const nextHopIpAddress = await nextHopOf(tools, { cidr, node }, options);
  const properties = { addressPrefix: cidr, nextHopType: "VirtualAppliance", nextHopIpAddress };
  return { cidr, route: { name: tools.names.route(cidr), properties } };
}

/** Azure wants the next hop in the family of the route; a node names one address, its interface has those of both. */
async function nextHopOf(
  { api }: RouteTools,
  { cidr, node }: { readonly cidr: Cidr; readonly node: NodeRef },
  options: CallOptions,
): Promise<string> {
  const family = cidrFamily(cidr);
  if (familyOf(node.primaryAddress) === family) return node.primaryAddress;
  const { primary } = await interfacesOf(api, node, options);
  const own = primary.properties.ipConfigurations.find(
    ({ properties }) => (properties.privateIPAddressVersion ?? "IPv4") === `IPv${family}`,
  );
  if (own?.properties.privateIPAddress !== undefined) return own.properties.privateIPAddress;
  throw new PodwireError(
    "CLOUD_REJECTED",
    `${node.id} has no IPv${family} address that could be the next hop of ${cidr}`,
    {
      op: `route ${cidr}`,
      details: "give the primary interface an ipConfiguration of that family",
    },
  );
}

/** What somebody else's route stands in the way of is left out. */
function edited(asked: AskedRoutes, table: RouteTable): RouteTable | undefined {
  const { routes } = table.properties;
  const possible = asked.wanted.filter((want) => !routes.some((route) => isInTheWay(asked, want, route)));
  const left = routes.flatMap((route) => replacementOf(asked, possible, route) ?? []);
  const coming = possible.filter(({ cidr }) => !routes.some((route) => isFor(route, cidr))).map(({ route }) => route);
  const after = [...left, ...coming];
  if (after.length === routes.length && after.every((route, index) => route === routes[index])) return undefined;
  return { ...table, properties: { ...table.properties, routes: after } };
}

/** The route itself where nothing about it changes, nothing where it goes. */
function replacementOf({ remove, names }: AskedRoutes, possible: readonly WantedRoute[], route: Route) {
  const want = possible.find(({ cidr }) => isFor(route, cidr));
  if (want !== undefined) return hasContent(route, want) ? route : want.route;
  return isOurs(names, route) && remove.some((cidr) => isFor(route, cidr)) ? undefined : route;
}

/** A foreign route with the CIDR or the name. */
function isInTheWay({ names }: AskedRoutes, { cidr, route: own }: WantedRoute, route: Route): boolean {
  return !isOurs(names, route) && (isFor(route, cidr) || sameId(route.name, own.name));
}

function isOurs(names: OwnedNames, { name, properties }: Route): boolean {
  return names.ownsRoute(name, properties.addressPrefix);
}

function isFor({ properties }: Route, cidr: Cidr): boolean {
  return tryParseCidr(properties.addressPrefix) === cidr;
}

function hasContent({ properties }: Route, { route }: WantedRoute): boolean {
  const { nextHopType, nextHopIpAddress } = route.properties;
  return properties.nextHopType === nextHopType && properties.nextHopIpAddress === nextHopIpAddress;
}

/** What of the change stands in the table. */
function outcomeIn({ wanted, remove, names }: AskedRoutes, { properties }: RouteTable): RouteOutcome {
  const ours = properties.routes.filter((route) => isOurs(names, route));
  const put = wanted.filter((want) => ours.some((route) => isFor(route, want.cidr) && hasContent(route, want)));
  const removed = remove.filter((cidr) => !ours.some((route) => isFor(route, cidr)));
  return { put: put.map(({ cidr }) => cidr), removed };
}

function sameOutcome(a: RouteOutcome, b: RouteOutcome): boolean {
  return a.put.join() === b.put.join() && a.removed.join() === b.removed.join();
}

function obstructed(asked: AskedRoutes, table: RouteTable): PodwireError {
  const found = table.properties.routes.find((route) => asked.wanted.some((want) => isInTheWay(asked, want, route)));
  const what = found === undefined ? "somebody changed it at the same time" : `route ${found.name} is in the way`;
  return new PodwireError("CLOUD_CONFLICT", `nothing could be changed in ${table.id}: ${what}`, {
    op: `update ${table.id}`,
    details: "podwire leaves routes alone that it did not make for this cluster; remove or rename that one",
  });
}
