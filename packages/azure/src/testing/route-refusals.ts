import { tryParseCidr } from "@podwire/core";
import type { Route, RouteTable } from "../api.ts";
import { idKey } from "../resource-id.ts";
import { type RefusalRow, textIf } from "./refusal-row.ts";

const restReference = "https://learn.microsoft.com/rest/api/virtualnetwork/route-tables/create-or-update";
const nextHopTypes = ["VirtualAppliance", "VirtualNetworkGateway", "VnetLocal", "Internet", "None"];

/** What a document of a route table is refused for. */
export const routeRefusals: readonly RefusalRow<RouteTable>[] = [
  {
    condition: "a document without routes",
    code: "InvalidRequestFormat",
    httpStatus: 400,
    source: `${restReference} (text unverified)`,
    refuses: (_world, { body }) => textIf(!Array.isArray(body?.properties?.routes), "Cannot parse the request."),
  },
  {
    condition: "more routes than a table may have",
    code: "RouteTableRouteLimitExceeded",
    httpStatus: 400,
    source:
      "https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits (code unverified)",
    refuses: ({ scenario }, { body }) =>
      textIf(
        body.properties.routes.length > scenario.routesPerTable,
        `A route table has at most ${scenario.routesPerTable} routes.`,
      ),
  },
  {
    condition: "two routes of one name",
    code: "DuplicateResourceName",
    httpStatus: 400,
    source: `${restReference} (code unverified)`,
    refuses: (_world, { body }) => {
      const names = body.properties.routes.map(({ name }) => idKey(name));
      return textIf(new Set(names).size !== names.length, "Resource names of routes must be unique.");
    },
  },
  {
    condition: "a prefix that is none",
    code: "InvalidAddressPrefixFormat",
    httpStatus: 400,
    source: restReference,
    refuses: (_world, { body }) => {
      const wrong = body.properties.routes.find(
        ({ properties }) => tryParseCidr(properties.addressPrefix) === undefined,
      );
      return textIf(wrong !== undefined, `Address prefix ${wrong?.properties.addressPrefix} is not a valid CIDR.`);
    },
  },
  {
    condition: "two routes of one prefix",
    code: "RouteConflict",
    httpStatus: 400,
    source: "unverified",
    refuses: (_world, { body }) => {
      const prefixes = body.properties.routes.map(({ properties }) => tryParseCidr(properties.addressPrefix));
      return textIf(new Set(prefixes).size !== prefixes.length, "Routes have the same address prefix.");
    },
  },
  {
    condition: "a next hop of a type that there is not",
    code: "InvalidNextHopType",
    httpStatus: 400,
    source: `${restReference} (code unverified)`,
    refuses: (_world, { body }) => {
      const wrong = body.properties.routes.find(({ properties }) => !nextHopTypes.includes(properties.nextHopType));
      return textIf(wrong !== undefined, `Next hop type ${wrong?.properties.nextHopType} is invalid.`);
    },
  },
  {
    condition: "an address of the next hop without VirtualAppliance, or VirtualAppliance without one",
    code: "InvalidNextHopIpAddress",
    httpStatus: 400,
    source: restReference,
    refuses: (_world, { body }) => {
      const wrong = body.properties.routes.find((route) => hasAddress(route) !== isAppliance(route));
      return textIf(wrong !== undefined, `Route ${wrong?.name}: nextHopIpAddress goes with VirtualAppliance alone.`);
    },
  },
];

function hasAddress({ properties }: Route): boolean {
  return properties.nextHopIpAddress !== undefined && properties.nextHopIpAddress !== "";
}

function isAppliance({ properties }: Route): boolean {
  return properties.nextHopType === "VirtualAppliance";
}
