import { addressBits } from "../address/address.ts";
import type { BlockKind } from "../provider/cloud-facts.ts";
import type { PoolAction } from "./pool-action.ts";
import { patienceMs } from "./pool-counts.ts";
import { blockSize, type PlannedInterface, type PlannedSubnet, type PoolSituation, roomOf } from "./situation.ts";

/** Interfaces that exist first, one call each; then new ones, created with their addresses. Pure. */
export function planGrowth(situation: PoolSituation, shortage: number, nowMs: number): PoolAction[] {
  const demand: Demand = { missing: shortage, room: roomOf(situation), asked: new Map() };
  return [...planAssignments(situation, demand), ...planCreations(situation, demand, nowMs)];
}

/** What is left to ask for, in addresses; moved on as the plan grows. */
interface Demand {
  missing: number;
  /** Under the maximum. */
  room: number;
  /** Addresses that the plan asks of a subnet. */
  readonly asked: Map<string, number>;
}

function planAssignments(situation: PoolSituation, demand: Demand): PoolAction[] {
  const actions: PoolAction[] = [];
  for (const { id, subnetId, freeSlots } of growable(situation)) {
    if (demand.missing <= 0) break;
    const blocks = chooseBlocks(situation, demand, { subnetId, slots: freeSlots });
    if (blocks !== undefined) actions.push({ kind: "assign", interfaceId: id, ...blocks });
  }
  return actions;
}

function growable(situation: PoolSituation): PlannedInterface[] {
  return situation.interfaces
    .filter((one) => one.busySinceMs === undefined && canGrow(situation, one))
    .sort((a, b) => a.ordinal - b.ordinal);
}

function canGrow({ subnets }: PoolSituation, { growthRests, freeSlots, subnetId }: PlannedInterface): boolean {
  return !growthRests && freeSlots > 0 && subnets.find(({ id }) => id === subnetId)?.exhausted !== true;
}

function planCreations(situation: PoolSituation, demand: Demand, nowMs: number): PoolAction[] {
  const actions: PoolAction[] = [];
  let missing = demand.missing - soonAssignable(situation, nowMs);
  while (missing > 0 && actions.length < situation.newInterfaces) {
    const subnet = richestSubnet(situation.subnets, demand);
    if (subnet === undefined) break;
    demand.missing = missing;
    const place = { subnetId: subnet.id, slots: situation.slotsPerNewInterface };
    const blocks = chooseBlocks(situation, demand, place);
    if (blocks === undefined) break;
    // The interface has an address of its own.
    note(demand, subnet.id, 1);
    missing = demand.missing;
    actions.push({ kind: "create-interface", subnetId: subnet.id, ...blocks });
  }
  return actions;
}

/**
 * Addresses that interfaces with a call in flight can take when it ends. They are waited for rather than had from a new
 * interface, which costs three calls and some seconds, unless the call takes too long.
 */
function soonAssignable(situation: PoolSituation, nowMs: number): number {
  const size = situation.blockKinds[0] === undefined ? 0 : blockSize(situation.blockKinds[0]);
  const busy = situation.interfaces.filter(
    (one) =>
      one.busySinceMs !== undefined &&
      nowMs - one.busySinceMs < patienceMs({ kind: "assign" }) &&
      canGrow(situation, one),
  );
  const coming = situation.coming.filter(({ sinceMs }) => nowMs - sinceMs < patienceMs({ kind: "create-interface" }));
  return [...busy, ...coming].reduce((sum, { freeSlots }) => sum + freeSlots * size, 0);
}

interface ChosenBlocks {
  readonly blockKind: BlockKind;
  readonly count: number;
}

/** Blocks of the first kind that subnet and maximum have room for. Takes them off the demand. */
function chooseBlocks(
  situation: PoolSituation,
  demand: Demand,
  place: { readonly subnetId: string; readonly slots: number },
): ChosenBlocks | undefined {
  const subnet = situation.subnets.find(({ id }) => id === place.subnetId);
  for (const blockKind of situation.blockKinds) {
    if (subnet?.fragmented === true && !isSingle(blockKind)) continue;
    const size = blockSize(blockKind);
    const allowed = Math.min(place.slots, blocksWithin(situation, blockKind, demand), blocksLeft(subnet, demand, size));
    const count = Math.min(Math.ceil(demand.missing / size), allowed);
    if (count <= 0) continue;
    demand.missing -= count * size;
    demand.room -= count * size;
    note(demand, place.subnetId, count * size);
    return { blockKind, count };
  }
  return undefined;
}

function isSingle({ family, prefixLength }: BlockKind): boolean {
  return prefixLength === addressBits(family);
}

/** Under the maximum; of IPv6, where any prefix is larger than any maximum, one may be held all the same. */
function blocksWithin({ family, counts }: PoolSituation, kind: BlockKind, { room }: Demand): number {
  const whole = Math.floor(room / blockSize(kind));
  return family === 6 && whole === 0 && room > 0 && counts.total === 0 ? 1 : whole;
}

/**
 * A cloud may give all or nothing (EC2 does), so no more is asked of a subnet than it was seen to have; but at least
 * one block, for what was seen may be old. Of IPv6 no subnet runs out.
 */
function blocksLeft(subnet: PlannedSubnet | undefined, { asked }: Demand, size: number): number {
  if (subnet?.freeAddresses === undefined || size > largestCountedBlock) return Number.POSITIVE_INFINITY;
  return Math.max(Math.floor((subnet.freeAddresses - (asked.get(subnet.id) ?? 0)) / size), 1);
}

/** Larger blocks are IPv6: what clouds count in subnets are IPv4 addresses. */
const largestCountedBlock = 2 ** 16;

function richestSubnet(subnets: readonly PlannedSubnet[], { asked }: Demand): PlannedSubnet | undefined {
  const left = ({ id, freeAddresses = 0 }: PlannedSubnet) => freeAddresses - (asked.get(id) ?? 0);
  return subnets
    .filter((subnet) => subnet.takesInterfaces && !subnet.exhausted && subnet.freeAddresses !== 0)
    .sort((a, b) => left(b) - left(a) || (a.id < b.id ? -1 : 1))[0];
}

function note({ asked }: Demand, subnetId: string, addresses: number): void {
  asked.set(subnetId, (asked.get(subnetId) ?? 0) + addresses);
}
