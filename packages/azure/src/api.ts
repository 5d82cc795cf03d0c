import type { CallOptions } from "@podwire/core";

/** The calls of Azure Resource Manager that podwire makes, in Azure's words, with the permission each needs. */
export const armActions = {
  "virtualMachines.get": {
    mutates: false,
    op: "describe",
    permission: "Microsoft.Compute/virtualMachines/read",
  },
  "networkInterfaces.get": {
    mutates: false,
    op: "describe",
    permission: "Microsoft.Network/networkInterfaces/read",
  },
  "networkInterfaces.list": {
    mutates: false,
    op: "list the network interfaces of",
    permission: "Microsoft.Network/networkInterfaces/read",
  },
  "networkInterfaces.createOrUpdate": {
    mutates: true,
    op: "update",
    permission: "Microsoft.Network/networkInterfaces/write and Microsoft.Network/virtualNetworks/subnets/join/action",
  },
  "virtualNetworks.get": {
    mutates: false,
    op: "describe",
    permission: "Microsoft.Network/virtualNetworks/read",
  },
  "virtualNetworks.checkIPAddressAvailability": {
    mutates: false,
    op: "look for the holder of an address in",
    permission: "Microsoft.Network/virtualNetworks/read",
  },
  "routeTables.get": {
    mutates: false,
    op: "describe",
    permission: "Microsoft.Network/routeTables/read",
  },
  "routeTables.createOrUpdate": {
    mutates: true,
    op: "update",
    permission: "Microsoft.Network/routeTables/write",
  },
  "operations.get": {
    mutates: false,
    op: "follow",
    permission: "Microsoft.Network/locations/operations/read",
  },
} as const satisfies Record<string, { readonly mutates: boolean; readonly op: string; readonly permission: string }>;

export type ArmAction = keyof typeof armActions;

/** A reference to another resource. */
export interface SubResource {
  readonly id: string;
}

/**
 * A resource as ARM wrote it. A PUT replaces the whole document, so what podwire does not know stays in it and goes
 * back as it came.
 */
export interface ArmResource<Properties> extends SubResource {
  readonly name: string;
  readonly location: string;
  /** Changes with every change of the document. */
  readonly etag: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties: Properties & { readonly provisioningState?: string };
}

export interface IpConfiguration {
  readonly name: string;
  readonly properties: {
    /** One address, or a CIDR block where `privateIPAddressPrefixLength` is set. ARM gives it. */
    readonly privateIPAddress?: string;
    /** ARM allocates a block of that size instead of one address. */
    readonly privateIPAddressPrefixLength?: number;
    readonly privateIPAllocationMethod?: "Dynamic" | "Static";
    readonly privateIPAddressVersion?: "IPv4" | "IPv6";
    readonly primary?: boolean;
    readonly subnet?: SubResource;
  };
}

export type NetworkInterface = ArmResource<{
  /** With dashes; absent until a machine has run with it. */
  readonly macAddress?: string;
  readonly enableIPForwarding?: boolean;
  readonly virtualMachine?: SubResource;
  readonly ipConfigurations: readonly IpConfiguration[];
}>;

export interface VirtualMachine extends SubResource {
  readonly properties: {
    readonly networkProfile: {
      readonly networkInterfaces: readonly (SubResource & { readonly properties?: { readonly primary?: boolean } })[];
    };
  };
}

export interface Subnet extends SubResource {
  readonly name: string;
  readonly properties: {
    /** One of the two. */
    readonly addressPrefix?: string;
    readonly addressPrefixes?: readonly string[];
    readonly routeTable?: SubResource;
  };
}

export type VirtualNetwork = ArmResource<{
  readonly addressSpace: { readonly addressPrefixes: readonly string[] };
  readonly subnets: readonly Subnet[];
}>;

export interface Route {
  readonly name: string;
  readonly properties: {
    readonly addressPrefix: string;
    readonly nextHopType: string;
    /** With `VirtualAppliance` alone. */
    readonly nextHopIpAddress?: string;
  };
}

export type RouteTable = ArmResource<{
  readonly routes: readonly Route[];
  /** Those it is associated with. */
  readonly subnets?: readonly SubResource[];
}>;

/** What a write was answered with. */
export interface Acceptance {
  /** Absent when it is done already. */
  readonly operation?: OperationRef;
}

/** An operation under way, by the address ARM gave. */
export interface OperationRef {
  readonly url: string;
}

export type OperationState =
  | { readonly status: "running"; readonly retryAfterMs?: number }
  | { readonly status: "succeeded" }
  /** ARM's code and text; the HTTP status of such an answer is 200. */
  | { readonly status: "failed"; readonly code: string; readonly message: string };

/**
 * For every call: one request is sent once (a list: one a page), nothing is retried. Rejects only with PodwireError;
 * codes are those of the table in errors.ts. Ids are resource ids; one that can be none is CLOUD_NOT_FOUND.
 */
export interface ArmApi {
  getVirtualMachine(id: string, options: CallOptions): Promise<VirtualMachine>;
  getNetworkInterface(id: string, options: CallOptions): Promise<NetworkInterface>;
  /** Every interface of a resource group, or it rejects. @param group id of any resource in it */
  listNetworkInterfaces(
    group: { readonly subscriptionId: string; readonly resourceGroup: string },
    options: CallOptions,
  ): Promise<readonly NetworkInterface[]>;
  /**
   * Replaces the document if it is still the one of this etag; what is missing from `ipConfigurations` is released.
   * Accepted is not done: see `getOperation`. Throws CLOUD_CONFLICT when somebody else changed or is changing it.
   */
  putNetworkInterface(document: NetworkInterface, options: CallOptions): Promise<Acceptance>;
  getVirtualNetwork(id: string, options: CallOptions): Promise<VirtualNetwork>;
  /** Whether nothing in the network holds the address. */
  isAddressAvailable(
    where: { readonly virtualNetworkId: string; readonly ipAddress: string },
    options: CallOptions,
  ): Promise<boolean>;
  getRouteTable(id: string, options: CallOptions): Promise<RouteTable>;
  /** As `putNetworkInterface`. */
  putRouteTable(document: RouteTable, options: CallOptions): Promise<Acceptance>;
  getOperation(operation: OperationRef, options: CallOptions): Promise<OperationState>;
}
