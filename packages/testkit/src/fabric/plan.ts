import type { Cidr } from "@podwire/core";
import { type Delivery, deliveries, type FabricInterface, type FabricState } from "./state.ts";

/** What the kernel holds of a fabric, also when a change stopped half-way. */
export interface Standing {
  /** Names of the instances' namespaces. */
  readonly nodes: ReadonlySet<string>;
  readonly interfaces: ReadonlyMap<string, FabricInterface>;
  readonly deliveries: ReadonlyMap<Cidr, Delivery>;
}

/** Steps from what stands to what is desired, to be taken in the order of the fields. */
export interface FabricPlan {
  /** Routes that end while their interface stays. (Those of an unplugged interface end with it.) */
  readonly endDeliveries: readonly Delivery[];
  readonly unplug: readonly FabricInterface[];
  readonly removeNodes: readonly string[];
  readonly addNodes: readonly string[];
  readonly plug: readonly FabricInterface[];
  readonly startDeliveries: readonly Delivery[];
}

/** @throws CLOUD_CONFLICT `desired` contradicts itself */
export function planFabric(standing: Standing, desired: FabricState): FabricPlan {
  const wanted = deliveries(desired);
  const links = new Map(desired.interfaces.map((each) => [each.id, each]));
  const stays = (id: string) => isSameLink(standing.interfaces.get(id), links.get(id));
  return {
    endDeliveries: differing(standing.deliveries, wanted).filter((each) => stays(each.interface.id)),
    unplug: [...standing.interfaces.values()].filter((each) => !stays(each.id)),
    removeNodes: [...standing.nodes].filter((name) => !desired.nodes.includes(name)),
    addNodes: desired.nodes.filter((name) => !standing.nodes.has(name)),
    plug: desired.interfaces.filter((each) => !stays(each.id)),
    startDeliveries: [...wanted.values()].filter(
      (each) => !stays(each.interface.id) || !isIn(standing.deliveries, each),
    ),
  };
}

function differing(from: ReadonlyMap<Cidr, Delivery>, to: ReadonlyMap<Cidr, Delivery>): readonly Delivery[] {
  return [...from.values()].filter((each) => !isIn(to, each));
}

function isIn(map: ReadonlyMap<Cidr, Delivery>, delivery: Delivery): boolean {
  return map.get(delivery.cidr)?.interface.id === delivery.interface.id;
}

/** Whether both are one and the same link: only what it carries may differ. */
function isSameLink(a: FabricInterface | undefined, b: FabricInterface | undefined): boolean {
  return a !== undefined && b !== undefined && linkIdentity(a) === linkIdentity(b);
}

function linkIdentity({ id, mac, node, ifName, gateways, primaryAddresses }: FabricInterface): string {
  return JSON.stringify([id, mac, node, ifName, gateways[4], gateways[6], [...primaryAddresses].sort()]);
}
