import { type Address, type Cidr, type Family, hostCidr, networkAddress } from "@podwire/core";
import type { AddressSpace } from "@podwire/testkit";
import type { FakeInterface, World } from "./world.ts";

/** What an interface holds of one family, beside its primary IPv4 address. */
export interface Held {
  readonly addresses: readonly Address[];
  readonly prefixes: readonly Cidr[];
}

/** How much of it. */
export interface HeldCount {
  readonly addresses?: number | undefined;
  readonly prefixes?: number | undefined;
}

/** The one size EC2 has: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html */
export const prefixLengths: Readonly<Record<Family, number>> = { 4: 28, 6: 80 };

const addressLengths: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

export function heldOf(own: FakeInterface, family: Family): Held {
  return family === 4
    ? { addresses: own.secondaryAddresses, prefixes: own.ipv4Prefixes }
    : { addresses: own.ipv6Addresses, prefixes: own.ipv6Prefixes };
}

export function withHeld(own: FakeInterface, family: Family, { addresses, prefixes }: Held): FakeInterface {
  return family === 4
    ? { ...own, secondaryAddresses: addresses, ipv4Prefixes: prefixes }
    : { ...own, ipv6Addresses: addresses, ipv6Prefixes: prefixes };
}

/** Everything of the subnet that the interface takes up, its own addresses too. */
export function cidrsOf(own: FakeInterface): readonly Cidr[] {
  const addresses = [own.privateIpAddress, ...own.secondaryAddresses, ...own.ipv6Addresses];
  return [...addresses.map(hostCidr), ...own.ipv4Prefixes, ...own.ipv6Prefixes];
}

/** Of EC2's count for the family: a prefix counts as one address does, and of IPv4 the primary address too. */
export function slotsOf(own: FakeInterface, family: Family): number {
  const { addresses, prefixes } = heldOf(own, family);
  return addresses.length + prefixes.length + (family === 4 ? 1 : 0);
}

/** What the instance type allows of the family on one interface; no limit while no instance holds it. */
export function slotLimit(world: World, instanceId: string | undefined, family: Family): number {
  if (instanceId === undefined) return Number.POSITIVE_INFINITY;
  const type = world.instanceTypes.get(world.instances.get(instanceId)?.instanceType ?? "");
  return (family === 4 ? type?.ipv4AddressesPerInterface : type?.ipv6AddressesPerInterface) ?? 0;
}

/** Prefixes come with the Nitro system, bare metal too: https://github.com/cilium/cilium/pull/39678 */
export function canHoldPrefixes(world: World, instanceId: string | undefined): boolean {
  if (instanceId === undefined) return true;
  const type = world.instanceTypes.get(world.instances.get(instanceId)?.instanceType ?? "");
  return type !== undefined && (type.bareMetal || type.hypervisor === "nitro");
}

export function spaceOf(world: World, subnetId: string, family: Family): AddressSpace | undefined {
  return world.spaces.get(subnetId)?.[family];
}

/** The lowest free ones; fewer than asked for when the space has no more. */
export function take(space: AddressSpace | undefined, family: Family, wanted: HeldCount): Held {
  return {
    addresses: takeBlocks(space, addressLengths[family], wanted.addresses ?? 0).map(networkAddress),
    prefixes: takeBlocks(space, prefixLengths[family], wanted.prefixes ?? 0),
  };
}

/** Whether all of it could be taken at once. */
export function hasRoomFor(space: AddressSpace | undefined, family: Family, wanted: HeldCount): boolean {
  const { addresses, prefixes } = take(space, family, wanted);
  for (const cidr of [...addresses.map(hostCidr), ...prefixes]) space?.release(cidr);
  return addresses.length === (wanted.addresses ?? 0) && prefixes.length === (wanted.prefixes ?? 0);
}

function takeBlocks(space: AddressSpace | undefined, length: number, count: number): readonly Cidr[] {
  const blocks: Cidr[] = [];
  while (blocks.length < count) {
    const block = space?.take(length);
    if (block === undefined) break;
    blocks.push(block);
  }
  return blocks;
}
