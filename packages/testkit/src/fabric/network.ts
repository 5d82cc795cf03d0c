import { type Address, type Cidr, hostCidr } from "@podwire/core";
import { createNetns, deleteNetns } from "@podwire/linux";
import { type FilterFacts, filterTable, internetLink, renderElements, renderFilter } from "./filter.ts";
import { bootMachine, machineNetnsPath } from "./machine.ts";
import { applyNft } from "./nft.ts";
import { type FabricPlan, planFabric, type Standing } from "./plan.ts";
import { interfaceCable, openRouter, type Router } from "./router.ts";
import { type Delivery, deliveries, type FabricInterface, type FabricState, routerLinkName } from "./state.ts";

/** A host beyond the internet gateway. Its one interface is up and configured as soon as the fabric stands. */
export type OutsideHost = Omit<FabricInterface, "id" | "blocks">;

export interface NetworkOptions {
  readonly routerNetnsPath?: string;
  readonly services: readonly Address[];
  readonly outside: OutsideHost;
}

/** The kernel's side of a fabric: router, filter and machines. One change at a time. */
export interface Network {
  readonly routerPath: string;
  readonly standing: Standing;
  apply(state: FabricState): Promise<void>;
  close(): Promise<void>;
}

/** @throws KERNEL_REFUSED, and nothing is left */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
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
    const errors: unknown[] = [];
    for (const step of undo.splice(0).reverse()) await Promise.try(step).catch((error) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  };
  try {
    await applyNft(routerPath, renderFilter());
    undo.push(() => applyNft(routerPath, `delete table inet ${filterTable}\n`));
    await router.start(options.services);
    undo.push(() => router.stop(options.services));
    const outsidePath = machineNetnsPath(options.outside.node);
    createNetns(outsidePath);
    undo.push(() => deleteNetns(outsidePath));
    undo.push(() => router.unplug(internetLink));
    await connectOutside(router, options.outside);
    undo.push(() => apply(nothing));
    await apply(nothing);
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
  return { routerPath, standing, apply, close };
}

const nothing: FabricState = { nodes: [], interfaces: [], routes: [] };

async function connectOutside(router: Router, outside: OutsideHost): Promise<void> {
  const host = { ...outside, id: "outside", blocks: [] };
  await router.plug({ ...interfaceCable(host), linkName: internetLink }, machineNetnsPath(host.node));
  for (const address of host.primaryAddresses) await router.route(hostCidr(address), internetLink);
  await bootMachine(machineNetnsPath(host.node), host);
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
    deleteNetns(machineNetnsPath(name));
    standing.nodes.delete(name);
  }
  for (const name of plan.addNodes) {
    createNetns(machineNetnsPath(name));
    standing.nodes.add(name);
  }
  for (const owner of plan.plug) {
    await router.plug(interfaceCable(owner), machineNetnsPath(owner.node));
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
