import {
  type Address,
  addressBytes,
  type Cidr,
  cidrFamily,
  type Family,
  networkAddress,
  prefixLength,
} from "@podwire/core";
import { readAttributes, readU32 } from "./attributes.ts";
import { messageFlag, messageType, routeAttribute, routeFlag, routeScope, routeTable } from "./constants.ts";
import { addressFamilyNumber, decodeAddress, decodeCidr, familyFromNumber } from "./family.ts";
import { MessageWriter } from "./message-writer.ts";
import { absence, type NetlinkRequest } from "./request.ts";

export type RouteType = "unicast" | "local" | "broadcast" | "multicast" | "blackhole" | "unreachable" | "other";

/** One route; several next hops (multipath) are not told apart: such a route has no `ifIndex`. */
export interface Route {
  readonly table: number;
  readonly type: RouteType;
  readonly destination: Cidr;
  readonly ifIndex?: number;
  readonly gateway?: Address;
  /** The gateway counts as reachable through the link although no route says so. */
  readonly onlink?: boolean;
  /** RTPROT_…: who made the route. */
  readonly protocol: number;
  /** Only where it is not the kernel's default (IPv4 0, IPv6 1024). */
  readonly metric?: number;
}

/** What a dump is narrowed to, by the kernel. */
export interface RouteFilter {
  readonly family: Family;
  readonly table?: number;
  readonly protocol?: number;
}

/** Adds the route. Fails with EEXIST when there is one with the same destination, table and metric. */
export function addRoute(route: Route): NetlinkRequest {
  return {
    ...routeRequest(messageType.newRoute, route, `route add ${formatRoute(route)}`),
    flags: messageFlag.create | messageFlag.exclusive,
  };
}

/** Adds the route or puts it in the place of one with the same destination, table and metric. */
export function replaceRoute(route: Route): NetlinkRequest {
  return routeRequest(messageType.newRoute, route, `route replace ${formatRoute(route)}`);
}

/** Deletes the route that matches in everything given. Absent = success. */
export function deleteRoute(route: Route): NetlinkRequest {
  return routeRequest(messageType.delRoute, route, `route del ${formatRoute(route)}`);
}

/** A table that does not exist is an empty one. */
export function dumpRoutes(filter: RouteFilter): NetlinkRequest {
  const writer = new MessageWriter()
    .u8(addressFamilyNumber(filter.family))
    .u8(0)
    .u8(0)
    .u8(0)
    .u8(0)
    .u8(filter.protocol ?? 0)
    .u8(0)
    .u8(0)
    .u32(0);
  if (filter.table !== undefined) writer.attributeU32(routeAttribute.table, filter.table);
  return {
    type: messageType.getRoute,
    flags: messageFlag.dump,
    body: writer.finish(),
    description: `-${filter.family} route show table ${filter.table ?? "all"}`,
    tolerated: ["ENOENT"],
  };
}

/** Undefined when the bytes describe no IP route, or one the kernel only remembers (cloned). */
export function decodeRoute(body: Buffer): Route | undefined {
  const family = familyFromNumber(body[0]);
  if (body.length < 12 || family === undefined || (body.readUInt32LE(8) & routeFlag.cloned) !== 0) return undefined;
  const attributes = readAttributes(body, 12);
  const destination = decodeCidr(family, attributes.get(routeAttribute.destination), body.readUInt8(1));
  if (destination === undefined) return undefined;
  const ifIndex = readU32(attributes, routeAttribute.outInterface);
  const gateway = decodeAddress(family, attributes.get(routeAttribute.gateway));
  const metric = readU32(attributes, routeAttribute.priority);
  const type = typeNames[body.readUInt8(7)] ?? "other";
  return {
    table: readU32(attributes, routeAttribute.table) ?? body.readUInt8(4),
    type,
    destination,
    protocol: body.readUInt8(5),
    // IPv6 reports every route without a link of its own, such as `unreachable`, as one of `lo`.
    ...(ifIndex === undefined || type === "unreachable" || type === "blackhole" ? {} : { ifIndex }),
    ...(gateway === undefined ? {} : { gateway }),
    ...((body.readUInt32LE(8) & routeFlag.onlink) === 0 ? {} : { onlink: true }),
    ...(metric === undefined || metric === defaultMetric[family] ? {} : { metric }),
  };
}

/** Whether one takes the place of the other: there is room for one route of a destination, table and metric. */
export function sameRoutePlace(a: Route, b: Route): boolean {
  return a.table === b.table && a.destination === b.destination && a.metric === b.metric;
}

export function sameRoute(a: Route, b: Route): boolean {
  return (
    sameRoutePlace(a, b) &&
    a.type === b.type &&
    a.ifIndex === b.ifIndex &&
    a.gateway === b.gateway &&
    a.protocol === b.protocol
  );
}

/** As `ip route` would print it. @param ifName in place of the index, where it is known */
export function formatRoute(route: Route, ifName?: string): string {
  const parts = [route.type === "unicast" ? "" : `${route.type} `, route.destination];
  if (route.gateway !== undefined) parts.push(` via ${route.gateway}`);
  if (route.ifIndex !== undefined) parts.push(` dev ${ifName ?? `index ${route.ifIndex}`}`);
  parts.push(` table ${route.table}`);
  if (route.metric !== undefined) parts.push(` metric ${route.metric}`);
  if (route.onlink === true) parts.push(" onlink");
  return parts.join("");
}

function routeRequest(type: number, route: Route, description: string): NetlinkRequest {
  const deletes = type === messageType.delRoute;
  return {
    type,
    flags: deletes ? 0 : messageFlag.create | messageFlag.replace,
    body: encodeRoute(route, deletes ? scopeNowhere : scopeOf(route)),
    description,
    tolerated: deletes ? absence : [],
  };
}

/** struct rtmsg and its attributes. */
function encodeRoute(route: Route, scope: number): Buffer {
  const writer = new MessageWriter()
    .u8(addressFamilyNumber(cidrFamily(route.destination)))
    .u8(prefixLength(route.destination))
    .u8(0)
    .u8(0)
    .u8(route.table < 256 ? route.table : routeTable.compat)
    .u8(route.protocol)
    .u8(scope)
    .u8(typeNumbers.get(route.type) ?? 0)
    .u32(route.onlink === true ? routeFlag.onlink : 0)
    .attributeU32(routeAttribute.table, route.table);
  if (prefixLength(route.destination) > 0) {
    writer.attribute(routeAttribute.destination, addressBytes(networkAddress(route.destination)));
  }
  if (route.ifIndex !== undefined) writer.attributeU32(routeAttribute.outInterface, route.ifIndex);
  if (route.gateway !== undefined) writer.attribute(routeAttribute.gateway, addressBytes(route.gateway));
  if (route.metric !== undefined) writer.attributeU32(routeAttribute.priority, route.metric);
  return writer.finish();
}

/** IPv4 wants `link` for a destination without a gateway; IPv6 ignores the scope. */
function scopeOf(route: Route): number {
  return route.type === "unicast" && route.gateway === undefined ? routeScope.link : routeScope.universe;
}

/** RT_SCOPE_NOWHERE: a deletion by any scope. */
const scopeNowhere = 255;

/** RTN_… in the kernel's order. */
const typeNames: readonly (RouteType | undefined)[] = [
  undefined,
  "unicast",
  "local",
  "broadcast",
  undefined,
  "multicast",
  "blackhole",
  "unreachable",
];
const typeNumbers = new Map(typeNames.map((name, number) => [name, number]));

/** What the kernel fills in where no metric is given; a route with it prints and compares as one without. */
const defaultMetric: Readonly<Record<Family, number>> = { 4: 0, 6: 1024 };
