import { createHash } from "node:crypto";
import {
  type Address,
  type Cidr,
  familyOf,
  type Gateways,
  hostCidr,
  type MacAddress,
  PodwireError,
} from "@podwire/core";

/** A network interface as its cloud describes it, in no cloud's words. */
export interface FabricInterface {
  readonly id: string;
  readonly mac: MacAddress;
  /** The instance that holds it: the name of its network namespace. */
  readonly node: string;
  /** What the instance's kernel calls it. */
  readonly ifName: string;
  readonly gateways: Gateways;
  /** Those of its subnet. */
  readonly subnetCidrs: readonly Cidr[];
  /** Addresses of the interface itself, at most one a family. */
  readonly primaryAddresses: readonly Address[];
  readonly blocks: readonly Cidr[];
}

/** A route-table entry: `cidr` goes to that interface, and its source check lets `cidr` pass. */
export interface FabricRoute {
  readonly cidr: Cidr;
  readonly interfaceId: string;
}

/** Everything the cloud says about its network at one time; what is not in it does not work. */
export interface FabricState {
  /** Instances by the names of their namespaces. */
  readonly nodes: readonly string[];
  readonly interfaces: readonly FabricInterface[];
  readonly routes: readonly FabricRoute[];
}

/** Packets to `cidr` go to the interface, packets from `cidr` may come from it. */
export interface Delivery {
  readonly cidr: Cidr;
  readonly interface: FabricInterface;
}

/** What the state delivers, by CIDR. @throws CLOUD_CONFLICT the state gives one CIDR to two interfaces, or to none */
export function deliveries(state: FabricState): ReadonlyMap<Cidr, Delivery> {
  const found = new Map<Cidr, Delivery>();
  const add = (cidr: Cidr, owner: FabricInterface | undefined) => {
    const other = found.get(cidr)?.interface;
    if (owner === undefined) throw new PodwireError("CLOUD_CONFLICT", `${cidr} is routed to an absent interface`);
    if (other !== undefined) throw new PodwireError("CLOUD_CONFLICT", `${cidr} is on ${other.id} and ${owner.id}`);
    found.set(cidr, { cidr, interface: owner });
  };
  for (const owner of state.interfaces) for (const cidr of ownCidrs(owner)) add(cidr, owner);
  for (const route of state.routes)
    add(
      route.cidr,
      state.interfaces.find(({ id }) => id === route.interfaceId),
    );
  return found;
}

function ownCidrs(owner: FabricInterface): readonly Cidr[] {
  return [...owner.primaryAddresses.map(hostCidr), ...owner.blocks];
}

export function primaryAddress(owner: FabricInterface, family: 4 | 6): Address | undefined {
  return owner.primaryAddresses.find((address) => familyOf(address) === family);
}

/** Name of the router's end of an interface; ids of clouds are longer than the 15 characters of a link's name. */
export function routerLinkName(interfaceId: string): string {
  return `fab${createHash("sha256").update(interfaceId).digest("hex").slice(0, 12)}`;
}
