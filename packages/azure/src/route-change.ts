import {
  type CallOptions,
  type Cidr,
  cidrFamily,
  familyOf,
  type NodeRef,
  PodwireError,
  type RouteChange,
  type RouteOutcome,
} from "@podwire/core";
import type { ArmApi } from "./api.ts";
import type { WantedRoute } from "./asked-routes.ts";
import { interfacesOf, mustBeMachine } from "./machine.ts";
import type { OwnedNames } from "./owned-name.ts";
import type { RouteWriter } from "./route-writer.ts";

export interface RouteChangeTools {
  readonly api: ArmApi;
  readonly names: OwnedNames;
  readonly writer: RouteWriter;
}

/** Finds the next hops, and has the change written. What stands is read from the table afterwards. */
export async function changeRoutes(
  tools: RouteChangeTools,
  change: RouteChange,
  options: CallOptions,
): Promise<RouteOutcome> {
  const { names, writer } = tools;
  if (change.put.length + change.remove.length === 0) return { put: [], removed: [] };
  const wanted = await Promise.all(change.put.map((put) => wantedRoute(tools, put, options)));
  return writer.write({ wanted, remove: change.remove, names }, options);
}

async function wantedRoute(
  tools: RouteChangeTools,
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
  { api }: RouteChangeTools,
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
