import {
  type Address,
  addressBits,
  containsAddress,
  familyOf,
  PodwireError,
  prefixLength,
  quoteValue,
  tryParseCidr,
} from "@podwire/core";
import { type Netlink, openNetlink, replaceAddr, replaceRoute, setLink } from "@podwire/linux";
import type { FabricInterface } from "./state.ts";
import { setSysctls } from "./sysctl.ts";

/** Where the namespace of a machine is. @throws INVALID_NETNS when the name could be anything but a file's */
export function machineNetnsPath(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return `/run/netns/${name}`;
  throw new PodwireError("INVALID_NETNS", `${quoteValue(name)} is no name for a machine`, { value: quoteValue(name) });
}

/**
 * What the image of the operating system does at boot: loopback up, and the primary interface with the address that
 * DHCP hands out and a default route by the subnet's gateway.
 *
 * One simplification: neighbours in the subnet are reached through the gateway (no prefix route), because the router
 * answers ARP for no address but its own. A cloud's router answers for all of them, and delivers the same way.
 *
 * And one for the tests' sake: the kernel looks for no duplicates of the link-local address. Each time the link comes
 * up that takes it one to two seconds, in which it asks for no gateway and nothing of IPv6 leaves the machine.
 * @throws INVALID_NETNS, KERNEL_REFUSED; INTERNAL when the interface is not plugged in
 */
export async function bootMachine(netnsPath: string, primary: FabricInterface): Promise<void> {
  const netlink = openNetlink({ netnsPath });
  try {
    setSysctls(netnsPath, { [`ipv6/conf/${primary.ifName}/accept_dad`]: 0 });
    await netlink.apply([setLink("lo", { up: true }), setLink(primary.ifName, { up: true })]);
    await configure(netlink, primary);
  } finally {
    netlink.close();
  }
}

async function configure(netlink: Netlink, primary: FabricInterface): Promise<void> {
  const ifIndex = (await netlink.link(primary.ifName))?.index;
  if (ifIndex === undefined)
    throw new PodwireError("INTERNAL", `${primary.ifName} of ${primary.node} is not plugged in`);
  const addresses = primary.primaryAddresses.map((address) =>
    replaceAddr(
      { ifIndex, address, prefixLength: subnetLength(primary, address), protocol: 0 },
      { noDad: true, noPrefixRoute: true },
    ),
  );
  const gateways = ([4, 6] as const).flatMap((family) => {
    const gateway = primary.gateways[family];
    if (gateway === undefined) return [];
    const destination = tryParseCidr(family === 4 ? "0.0.0.0/0" : "::/0");
    if (destination === undefined) return [];
    return [replaceRoute({ table: 254, type: "unicast", protocol: 16, destination, ifIndex, gateway, onlink: true })];
  });
  await netlink.apply([...addresses, ...gateways]);
}

function subnetLength(primary: FabricInterface, address: Address): number {
  const subnet = primary.subnetCidrs.find((cidr) => containsAddress(cidr, address));
  return subnet === undefined ? addressBits(familyOf(address)) : prefixLength(subnet);
}
