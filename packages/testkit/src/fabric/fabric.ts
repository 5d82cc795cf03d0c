import { type Address, PodwireError } from "@podwire/core";
import { type DropReason, dropReasons, filterTable } from "./filter.ts";
import { bootMachine, machineNetnsPath } from "./machine.ts";
import { type OutsideHost, startNetwork } from "./network.ts";
import { queryNft } from "./nft.ts";
import type { FabricState } from "./state.ts";

export interface FabricOptions {
  /** The router's namespace; default: that of this process, so that servers of this process are services of the VPC. */
  readonly routerNetnsPath?: string;
  /** Addresses of the router that instances may talk to from primary addresses: metadata, the cloud's API. */
  readonly services: readonly Address[];
  readonly outside: OutsideHost;
}

/**
 * A virtual network made of network namespaces, one for each instance, and a router between them. An address works, in
 * both directions, exactly while the state says that it is assigned, and only on the interface that has it; everything
 * else is dropped and counted.
 */
export interface Fabric {
  /** Path of an instance's namespace, whether or not it exists. @throws INVALID_NETNS */
  netnsPath(node: string): string;
  /**
   * Makes it as the state says. While one call is under way, later ones wait; of those only the last is carried out,
   * and all resolve when it stands. After a failure the next call goes on from what was reached.
   * @throws CLOUD_CONFLICT the state contradicts itself; KERNEL_REFUSED
   */
  converge(state: FabricState): Promise<void>;
  /** What the instance's operating system does at boot with its first interface. */
  boot(interfaceId: string): Promise<void>;
  /** Packets dropped so far, by reason. */
  drops(): Promise<Readonly<Record<DropReason, number>>>;
  /** Removes everything that was made, as far as the kernel lets it. @throws KERNEL_REFUSED */
  close(): Promise<void>;
}

/** @throws KERNEL_REFUSED, and nothing is left */
export async function createFabric(options: FabricOptions): Promise<Fabric> {
  const network = await startNetwork(options);
  let wanted: FabricState | undefined;
  let running: Promise<void> | undefined;
  const run = async () => {
    try {
      for (let state = wanted; state !== undefined; state = wanted) {
        wanted = undefined;
        await network.apply(state);
      }
    } finally {
      running = undefined;
    }
  };
  return {
    netnsPath: machineNetnsPath,
    converge(state) {
      wanted = state;
      running ??= Promise.resolve().then(run);
      return running;
    },
    async boot(interfaceId) {
      const primary = network.standing.interfaces.get(interfaceId);
      if (primary === undefined) throw new PodwireError("INTERNAL", `${interfaceId} is not plugged in`);
      await bootMachine(machineNetnsPath(primary.node), primary);
    },
    drops: () => readDrops(network.routerPath),
    async close() {
      await running?.catch(() => {});
      await network.close();
    },
  };
}

interface CounterListing {
  readonly nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[];
}

async function readDrops(routerPath: string): Promise<Readonly<Record<DropReason, number>>> {
  const listing = (await queryNft(routerPath, ["list", "counters", "table", "inet", filterTable])) as CounterListing;
  const packets = new Map(listing.nftables.map(({ counter }) => [counter?.name, counter?.packets]));
  const drops = dropReasons.map((reason) => [reason, packets.get(reason) ?? 0] as const);
  return Object.fromEntries(drops) as Record<DropReason, number>;
}
