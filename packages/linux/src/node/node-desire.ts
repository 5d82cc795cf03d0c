import { cidrFamily, type Family, familyOf, type NodeInterface, type NodeNetwork } from "@podwire/core";
import type { KernelNumbers } from "../kernel-numbers.ts";
import type { Link } from "../netlink/link.ts";
import { linkOfMac } from "./host-interfaces.ts";

/** An interface of ours that the kernel shows. */
export interface PresentInterface {
  readonly wanted: NodeInterface;
  readonly link: Link;
}

/** The desired state of the node, laid over what the kernel shows of its interfaces. */
export interface NodeDesire {
  readonly network: NodeNetwork;
  readonly numbers: KernelNumbers;
  readonly interfaces: readonly PresentInterface[];
  readonly families: readonly Family[];
}

/** An interface that is not there yet is passed over: its event will bring us back. */
export function desireFor(network: NodeNetwork, links: readonly Link[], numbers: KernelNumbers): NodeDesire {
  const interfaces = network.interfaces.flatMap((wanted) => {
    const link = linkOfMac(links, wanted.mac);
    return link === undefined ? [] : [{ wanted, link }];
  });
  return { network, numbers, interfaces, families: familiesInUse(network) };
}

function familiesInUse({ interfaces, attachments }: NodeNetwork): readonly Family[] {
  const inUse = new Set<Family>();
  for (const { blocks, primaryAddresses } of interfaces) {
    for (const block of blocks) inUse.add(cidrFamily(block));
    for (const address of primaryAddresses) inUse.add(familyOf(address));
  }
  for (const { spec } of attachments) for (const { address } of spec.addresses) inUse.add(familyOf(address));
  return [...inUse].sort();
}
