import { type Clock, parseAddress } from "@podwire/core";

/** What every adapter's `createAdapter` takes. */
export interface AdapterOptions {
  /** Name of the cluster: marks what podwire makes in the cloud as its own. */
  readonly cluster: string;
  readonly clock: Clock;
  /** How long one call of the cloud's API may take. */
  readonly callTimeoutMs: number;
}

export interface AzureAdapterOptions extends AdapterOptions {
  /** Default: the public cloud's. Sovereign clouds and the fake have another. */
  readonly endpoint?: string;
  /** Id of the route table of the routing family; without it there is no route backend. */
  readonly routeTableId?: string;
}

/** Tags by which interfaces are told apart; Azure allows no `/` in them. */
export const tagKeys = {
  /** On a secondary interface that is given to podwire; the value is the cluster's name. */
  cluster: "podwire-cluster",
  /** Somebody asks that podwire not touch the interface. */
  noManage: "podwire-no-manage",
} as const;

/** What a virtual network carries. https://learn.microsoft.com/azure/virtual-network/how-to-virtual-machine-mtu */
export const networkMtuBytes = 1500;

/** Azure's IPv6 gateway in every subnet; Azure's own CNI plugin routes to it. */
export const ipv6Router = parseAddress("fe80::1234:5678:9abc");

/**
 * Beside the primary one. https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
 */
export const addressesPerInterface = 256;

/** How long an operation that Azure accepted may go on before its outcome counts as unknown. */
export const operationTimeoutMs = 120_000;

/** How often an operation is asked about where Azure names no time. */
export const operationPollMs = 1_000;

/** Of one route table; the same page. Older copies of it say 400, newer 600. */
export const routesPerTable = 400;
