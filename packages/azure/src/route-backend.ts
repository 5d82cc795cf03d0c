import { type Clock, type CloudRoute, type RouteBackend, tryParseCidr } from "@podwire/core";
import type { ArmApi, NetworkInterface, Route, RouteTable } from "./api.ts";
import { createOwnedNames, type OwnedNames } from "./owned-name.ts";
import { networkIdOf, parseResourceId } from "./resource-id.ts";
import { changeRoutes } from "./route-change.ts";
import { findRoutingFaults } from "./route-preflight.ts";
import { RouteWriter } from "./route-writer.ts";

export interface AzureRouteOptions {
  readonly api: ArmApi;
  readonly clock: Clock;
  /** Routes whose names carry another cluster's name are foreign. */
  readonly cluster: string;
  /** It is associated with the nodes' subnets, and in the resource group of their interfaces. */
  readonly routeTableId: string;
}

/**
 * The routing family on Azure: routes of one table, whose next hop is the node's primary address. A route has neither
 * tags nor a description, so its whole name says whose it is.
 */
export function createRouteBackend({ api, clock, cluster, routeTableId }: AzureRouteOptions): RouteBackend {
  const names = createOwnedNames(cluster);
  const writer = new RouteWriter({ api, clock, routeTableId });
  return {
    preflight: (node, options) => findRoutingFaults(api, { node, routeTableId }, options),

    async list({ networkId }, options) {
      const group = parseResourceId(routeTableId, "Microsoft.Network/routeTables");
      const [table, interfaces] = await Promise.all([
        api.getRouteTable(routeTableId, options),
        api.listNetworkInterfaces(group, options),
      ]);
      const machines = machinesByAddress(interfaces);
      const virtualNetworkId = networkOf(table) ?? networkId;
      // An interface of another resource group is not listed. Only an address that nothing holds delivers nothing.
      const isGone = async (ipAddress: string) =>
        virtualNetworkId !== "" && (await api.isAddressAvailable({ virtualNetworkId, ipAddress }, options));
      const routes = table.properties.routes.map((route) => cloudRouteOf(route, { names, machines, isGone }));
      return (await Promise.all(routes)).flat();
    },

    apply: (change, options) => changeRoutes({ api, names, writer }, change, options),
  };
}

interface Surroundings {
  readonly names: OwnedNames;
  /** Ids of machines by their addresses. */
  readonly machines: ReadonlyMap<string, string>;
  readonly isGone: (ipAddress: string) => Promise<boolean>;
}

/** Nothing for a route of a service tag, which is no CIDR. */
async function cloudRouteOf({ name, properties }: Route, around: Surroundings): Promise<readonly CloudRoute[]> {
  const { addressPrefix, nextHopIpAddress, nextHopType } = properties;
  const cidr = tryParseCidr(addressPrefix);
  if (cidr === undefined) return [];
  const owner = around.names.ownsRoute(name, addressPrefix) ? "ours" : "foreign";
  if (nextHopIpAddress === undefined) return [{ cidr, nodeId: "", owner, blackhole: nextHopType === "None" }];
  const machineId = around.machines.get(nextHopIpAddress);
  const blackhole = machineId === undefined && (await around.isGone(nextHopIpAddress));
  return [{ cidr, nodeId: machineId ?? nextHopIpAddress, owner, blackhole }];
}

function machinesByAddress(interfaces: readonly NetworkInterface[]): ReadonlyMap<string, string> {
  const machines = new Map<string, string>();
  for (const { properties } of interfaces) {
    const machineId = properties.virtualMachine?.id;
    if (machineId === undefined) continue;
    for (const { properties: own } of properties.ipConfigurations) {
      if (own.privateIPAddress !== undefined) machines.set(own.privateIPAddress, machineId);
    }
  }
  return machines;
}

/** A table tells the subnets that it is associated with. */
function networkOf({ properties }: RouteTable): string | undefined {
  const [subnet] = properties.subnets ?? [];
  return subnet === undefined ? undefined : networkIdOf(subnet.id);
}
