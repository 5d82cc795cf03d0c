import { type Address, type Cidr, hostCidr, PodwireError } from "@podwire/core";
import { createNetns, deleteNetns } from "@podwire/linux";
import {
  type DropReason,
  dropReasons,
  type FilterFacts,
  filterTable,
  internetLink,
  renderElements,
  renderFilter,
} from "./filter.ts";
import { bootMachine } from "./machine.ts";
import { applyNft, queryNft } from "./nft.ts";
import { type FabricPlan, planFabric, type Standing } from "./plan.ts";
import { interfaceCable, openRouter, type Router } from "./router.ts";
import { type Delivery, deliveries, type FabricInterface, type FabricState, routerLinkName } from "./state.ts";

/** A host beyond the internet gateway. Its one interface is up and configured as soon as the fabric stands. */
export type OutsideHost = Omit<FabricInterface, "id" | "blocks">;

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
  /** Path of an instance's namespace, whether or not it exists. */
  netnsPath(node: string): string;
  /**
   * Makes it as the state says. While one call is under way, later ones wait; of those only the last is carried out, and
   * all resolve when it stands. After a failure the next call goes on from what was reached.
   * @throws CLOUD_CONFLICT the state contradicts itself; KERNEL_REFUSED
   */
  converge(state: FabricState): Promise<void>;
  /** What the instance's operating system does at boot with its first interface. */
  boot(interfaceId: string): Promise<void>;
  /** Packets dropped so far, by reason. */
  drops(): Promise<Readonly<Record<DropReason, number>>>;
  /** Removes everything that was made. */
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
    netnsPath,
    converge(state) {
      wanted = state;
      running ??= Promise.resolve().then(run);
      return running;
    },
    async boot(interfaceId) {
      const primary = network.standing.interfaces.get(interfaceId);
      if (primary === undefined) throw new PodwireError("INTERNAL", `${interfaceId} is not plugged in`);
      await bootMachine(netnsPath(primary.node), primary);
    },
    drops: () => readDrops(network.routerPath),
    async close() {
      await running?.catch(() => {});
      await network.close();
    },
  };
}

function netnsPath(node: string): string {
  return `/run/netns/${node}`;
}

interface Network {
  readonly routerPath: string;
  readonly standing: Standing;
  apply(state: FabricState): Promise<void>;
  close(): Promise<void>;
}

async function startNetwork(options: FabricOptions): Promise<Network> {
  const routerPath = options.routerNetnsPath ?? "/proc/self/ns/net";
  const facts: FilterFacts = { services: options.services, outside: options.outside.primaryAddresses };
  const router = openRouter(routerPath);
  const standing: OpenStanding = { nodes: new Set(), interfaces: new Map(), deliveries: new Map() };
  const apply = (state: FabricState) =>
    carryOut(planFabric(standing, state), {
      router,
      standing,
      state,
      filter: () => applyNft(routerPath, renderElements(state, facts)),
    });
  const undo: (() => void | Promise<void>)[] = [router.close];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    await applyNft(routerPath, renderFilter());
    undo.push(() => applyNft(routerPath, `delete table inet ${filterTable}\n`));
    await router.start(options.services);
    undo.push(() => router.stop(options.services));
    const outsidePath = netnsPath(options.outside.node);
    createNetns(outsidePath);
    undo.push(() => deleteNetns(outsidePath));
    undo.push(() => router.unplug(internetLink));
    await connectOutside(router, options.outside);
    undo.push(() => apply(nothing));
    await apply(nothing);
  } catch (error) {
    await close();
    throw error;
  }
  return { routerPath, standing, apply, close };
}

const nothing: FabricState = { nodes: [], interfaces: [], routes: [] };

async function connectOutside(router: Router, outside: OutsideHost): Promise<void> {
  const host = { ...outside, id: "outside", blocks: [] };
  await router.plug({ ...interfaceCable(host), linkName: internetLink }, netnsPath(host.node));
  for (const address of host.primaryAddresses) await router.route(hostCidr(address), internetLink);
  await bootMachine(netnsPath(host.node), host);
}

/** `Standing`, as its owner sees it. */
interface OpenStanding {
  readonly nodes: Set<string>;
  readonly interfaces: Map<string, FabricInterface>;
  readonly deliveries: Map<Cidr, Delivery>;
}

interface Work {
  readonly router: Router;
  readonly standing: OpenStanding;
  readonly state: FabricState;
  readonly filter: () => Promise<void>;
}

/** Writes every step down when it is done, so that what stands is known wherever it stops. */
async function carryOut(plan: FabricPlan, { router, standing, state, filter }: Work): Promise<void> {
  await router.endDeliveries(plan.endDeliveries);
  for (const { cidr } of plan.endDeliveries) standing.deliveries.delete(cidr);
  for (const { id } of plan.unplug) {
    await router.unplug(routerLinkName(id));
    forget(standing, id);
  }
  for (const name of plan.removeNodes) {
    deleteNetns(netnsPath(name));
    standing.nodes.delete(name);
  }
  for (const name of plan.addNodes) {
    createNetns(netnsPath(name));
    standing.nodes.add(name);
  }
  for (const owner of plan.plug) {
    await router.plug(interfaceCable(owner), netnsPath(owner.node));
    standing.interfaces.set(owner.id, owner);
  }
  await filter();
  await router.startDeliveries(plan.startDeliveries);
  for (const [cidr, delivery] of deliveries(state)) standing.deliveries.set(cidr, delivery);
  for (const owner of state.interfaces) standing.interfaces.set(owner.id, owner);
}

/** The kernel drops the routes of a link with the link. */
function forget({ interfaces, deliveries: routes }: OpenStanding, id: string): void {
  interfaces.delete(id);
  for (const [cidr, { interface: owner }] of routes) if (owner.id === id) routes.delete(cidr);
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
