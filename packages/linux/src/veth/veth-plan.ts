import {
  type Address,
  type AttachmentFacts,
  type AttachmentSpec,
  type Family,
  familyOf,
  hostCidr,
  type PodRoute,
  parseAddress,
  parseCidr,
} from "@podwire/core";
import type { KernelNumbers } from "../kernel-numbers.ts";
import type { Addr } from "../netlink/addr.ts";
import { routeTable } from "../netlink/constants.ts";
import type { PermanentNeigh } from "../netlink/neigh.ts";
import type { Route } from "../netlink/route.ts";
import { linkIdentity } from "./attachment-link.ts";

/**
 * The pod's way out: an address that nobody has, with a permanent neighbour entry, so that no ARP and no proxy is
 * needed and the host's end needs no address.
 */
const podGateways: Readonly<Record<Family, Address>> = {
  4: parseAddress("169.254.1.1"),
  6: parseAddress("fe80::1"),
};

const everything = { 4: parseCidr("0.0.0.0/0"), 6: parseCidr("::/0") } as const;

/** What the attachment becomes: it follows from the spec. */
export function vethFacts(spec: AttachmentSpec): AttachmentFacts {
  const { hostIfName, hostMac, podMac } = linkIdentity(spec.key);
  return {
    hostIfName,
    hostMac,
    podMac: spec.mac ?? podMac,
    mtuBytes: spec.mtuBytes,
    routes: familiesOf(spec).flatMap((family): PodRoute[] => [
      { destination: hostCidr(podGateways[family]) },
      { destination: everything[family], gateway: podGateways[family] },
    ]),
  };
}

export function familiesOf(spec: AttachmentSpec): readonly Family[] {
  return spec.addresses.map(({ address }) => familyOf(address));
}

/** What there is of the attachment in one namespace, beside its link. */
export interface LinkObjects {
  readonly addrs: readonly Addr[];
  readonly routes: readonly Route[];
  readonly neighs: readonly PermanentNeigh[];
}

/** The host's side: each address routed to the pod's link, and its MAC known without asking. */
export function hostObjects(attachment: SpecAndFacts, ifIndex: number, numbers: KernelNumbers): LinkObjects {
  const { spec, facts } = attachment;
  return {
    addrs: [],
    routes: spec.addresses.map(({ address }) => ({
      table: numbers.podTable,
      type: "unicast",
      destination: hostCidr(address),
      ifIndex,
      protocol: numbers.protocol,
    })),
    neighs: spec.addresses.map(({ address }) => ({ ifIndex, address, mac: facts.podMac })),
  };
}

/** The pod's side. */
export function podObjects(attachment: SpecAndFacts, ifIndex: number, numbers: KernelNumbers): LinkObjects {
  const { spec, facts } = attachment;
  const { protocol } = numbers;
  return {
    addrs: spec.addresses.map(({ address }) => ({
      ifIndex,
      address,
      prefixLength: familyOf(address) === 4 ? 32 : 128,
      protocol,
    })),
    routes: facts.routes.map((route) => ({ ...route, table: routeTable.main, type: "unicast", ifIndex, protocol })),
    neighs: familiesOf(spec).map((family) => ({ ifIndex, address: podGateways[family], mac: facts.hostMac })),
  };
}

export interface SpecAndFacts {
  readonly spec: AttachmentSpec;
  readonly facts: AttachmentFacts;
}
