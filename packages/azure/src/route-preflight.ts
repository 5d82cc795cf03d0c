import type { CallOptions, Finding, NodeRef } from "@podwire/core";
import type { ArmApi, RouteTable } from "./api.ts";
import { subnetIdOf } from "./cloud-facts.ts";
import { routesPerTable } from "./config.ts";
import { interfacesOf } from "./machine.ts";
import { networkIdOf, sameId } from "./resource-id.ts";

/** What keeps packets from a node to which they are routed. */
export async function findRoutingFaults(
  api: ArmApi,
  { node, routeTableId }: { readonly node: NodeRef; readonly routeTableId: string },
  options: CallOptions,
): Promise<readonly Finding[]> {
  const [{ primary }, table] = await Promise.all([
    interfacesOf(api, node, options),
    api.getRouteTable(routeTableId, options),
  ]);
  const subnetId = subnetIdOf(primary);
  const network = await api.getVirtualNetwork(networkIdOf(subnetId), options);
  const subnet = network.properties.subnets.find(({ id }) => sameId(id, subnetId));
  const isAssociated = sameId(subnet?.properties.routeTable?.id ?? "", routeTableId);
  return [
    ...(primary.properties.enableIPForwarding === true ? [] : [forwardingOff(primary.id)]),
    ...(isAssociated ? [] : [tableElsewhere(routeTableId, subnetId)]),
    ...quotaFindings(table),
  ];
}

function forwardingOff(interfaceId: string): Finding {
  return {
    severity: "fatal",
    id: "azure-ip-forwarding-off",
    message: `${interfaceId} drops packets that are not for its own addresses`,
    remedy: "switch on IP forwarding of the interface (enableIPForwarding)",
  };
}

function tableElsewhere(routeTableId: string, subnetId: string): Finding {
  return {
    severity: "fatal",
    id: "azure-route-table-not-associated",
    message: `no packet of ${subnetId} is routed by ${routeTableId}`,
    remedy: "associate the route table with every subnet of nodes",
  };
}

function quotaFindings({ id, properties }: RouteTable): readonly Finding[] {
  const { length } = properties.routes;
  if (length < routesPerTable * 0.9) return [];
  return [
    {
      severity: length < routesPerTable ? "warning" : "fatal",
      id: "azure-route-quota",
      message: `${id} has ${length} routes; a table takes ${routesPerTable} unless the quota was raised`,
      remedy: "ask for a higher quota, or use the underlay family",
    },
  ];
}
