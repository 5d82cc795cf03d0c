import { type Address, families, type HostNetwork, hostCidr, networkAddress } from "@podwire/core";
import type { Netlink } from "@podwire/linux";
import type { KernelFacts } from "./facts.ts";

export interface KernelView {
  readonly host: Pick<HostNetwork, "attachments" | "interfaces">;
  /** Of the node's namespace. */
  readonly netlink: Netlink;
  /** The protocol that marks podwire's routes. */
  readonly protocol: number;
  /** Podwire's table of routes to pods. */
  readonly podTable: number;
}

/** What the kernel of a node holds of podwire. @throws KERNEL_REFUSED */
export async function readKernelFacts({ host, netlink, protocol, podTable }: KernelView): Promise<KernelFacts> {
  const dumps = await Promise.all(families.map((family) => netlink.routes({ family, table: podTable, protocol })));
  const routes = dumps.flat();
  const neighbours = await Promise.all(families.map((family) => netlink.neighs(family)));
  return {
    interfaces: await host.interfaces(),
    attachments: await host.attachments(),
    podRoutes: routes
      .filter(({ type, destination }) => type === "unicast" && isHostRoute(destination))
      .map(({ destination }) => networkAddress(destination)),
    podNeighbours: neighbours.flat().flatMap(({ address, permanent }): Address[] => (permanent ? [address] : [])),
    blockRoutes: routes.filter(({ type }) => type === "unreachable").map(({ destination }) => destination),
  };
}

/** A block may be a single address as well, but then its route is `unreachable`. */
function isHostRoute(destination: Parameters<typeof networkAddress>[0]): boolean {
  return hostCidr(networkAddress(destination)) === destination;
}
