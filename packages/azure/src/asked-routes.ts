import { type Cidr, PodwireError, type RouteOutcome, tryParseCidr } from "@podwire/core";
import type { Route, RouteTable } from "./api.ts";
import type { DocumentChange } from "./document-change.ts";
import type { OwnedNames } from "./owned-name.ts";
import { sameId } from "./resource-id.ts";

export interface WantedRoute {
  readonly cidr: Cidr;
  readonly route: Route;
}

/** A change in the words of the table. */
export interface AskedRoutes {
  readonly wanted: readonly WantedRoute[];
  readonly remove: readonly Cidr[];
  readonly names: OwnedNames;
}

/** What somebody else's route stands in the way of is left out. The table itself where nothing changes. */
export function editRoutes(asked: AskedRoutes, table: RouteTable): RouteTable {
  const { routes } = table.properties;
  const possible = asked.wanted.filter((want) => !routes.some((route) => isInTheWay(asked, want, route)));
  const left = routes.flatMap((route) => replacementOf(asked, possible, route) ?? []);
  const coming = possible.filter(({ cidr }) => !routes.some((route) => isFor(route, cidr))).map(({ route }) => route);
  const after = [...left, ...coming];
  if (after.length === routes.length && after.every((route, index) => route === routes[index])) return table;
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

/** What of the change stands at the end. @throws why nothing of it does, or nothing came of it */
export function outcomeOfRoutes(asked: AskedRoutes, change: DocumentChange<RouteTable>): RouteOutcome {
  const { before, after, failure } = change;
  const outcome = outcomeIn(asked, after);
  const { length: stands } = [...outcome.put, ...outcome.removed];
  const isWhole = stands === asked.wanted.length + asked.remove.length;
  if (failure !== undefined && !isWhole && sameOutcome(outcome, outcomeIn(asked, before))) throw failure;
  if (stands === 0) throw obstructed(asked, after);
  return outcome;
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
