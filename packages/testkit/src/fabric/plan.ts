import type { Delivery, FabricInterface, FabricState } from "./state.ts";
import { deliveries } from "./state.ts";

/** Steps from one state of the fabric to another, to be taken in the order of the fields. */
export interface FabricPlan {
  /** Routes that end while their interface stays. (Those of an unplugged interface end with it.) */
  readonly endDeliveries: readonly Delivery[];
  readonly unplug: readonly FabricInterface[];
  readonly removeNodes: readonly string[];
  readonly addNodes: readonly string[];
  readonly plug: readonly FabricInterface[];
  readonly startDeliveries: readonly Delivery[];
}

/**
 * What is to be done so that `desired` stands where `applied` stood.
 * @throws CLOUD_CONFLICT `desired` contradicts itself
 */
export function planFabric(applied: FabricState, desired: FabricState): FabricPlan {
  const before = new Map(applied.interfaces.map((each) => [each.id, each]));
  const after = new Map(desired.interfaces.map((each) => [each.id, each]));
  const stays = (id: string) => isSameLink(before.get(id), after.get(id));
  const old = deliveries(applied);
  const wanted = deliveries(desired);
  return {
    endDeliveries: [...old.values()].filter((each) => stays(each.interface.id) && !isIn(wanted, each)),
    unplug: applied.interfaces.filter((each) => !stays(each.id)),
    removeNodes: applied.nodes.filter((name) => !desired.nodes.includes(name)),
    addNodes: desired.nodes.filter((name) => !applied.nodes.includes(name)),
    plug: desired.interfaces.filter((each) => !stays(each.id)),
    startDeliveries: [...wanted.values()].filter((each) => !stays(each.interface.id) || !isIn(old, each)),
  };
}

function isIn(map: ReturnType<typeof deliveries>, delivery: Delivery): boolean {
  return map.get(delivery.cidr)?.interface.id === delivery.interface.id;
}

/** Whether both are one and the same link: only what it carries may differ. */
function isSameLink(a: FabricInterface | undefined, b: FabricInterface | undefined): boolean {
  return a !== undefined && b !== undefined && linkIdentity(a) === linkIdentity(b);
}

function linkIdentity({ id, mac, node, ifName, gateways, primaryAddresses }: FabricInterface): string {
  return JSON.stringify([id, mac, node, ifName, gateways[4], gateways[6], [...primaryAddresses].sort()]);
}
