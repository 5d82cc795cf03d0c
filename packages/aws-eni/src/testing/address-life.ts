import { type Address, type Cidr, type Family, hostCidr, parseAddress, parseCidr } from "@podwire/core";
import type { Ec2Answer } from "./answers.ts";
import { type Held, heldOf, spaceOf, take, withHeld } from "./held.ts";
import type { InterfaceStep } from "./interface-life.ts";
import type { AddressAction, Ec2Command, Ec2Requests } from "./requests.ts";
import type { FakeInterface, World } from "./world.ts";

export type AddressCommand = Extract<Ec2Command, { readonly action: AddressAction }>;

/** What a request asks to assign or unassign, in the words of both families. */
export interface Asked {
  readonly addressCount?: number | undefined;
  readonly addresses?: readonly string[] | undefined;
  readonly prefixCount?: number | undefined;
  readonly prefixes?: readonly string[] | undefined;
}

/** One that unassigns has no counts. */
export function askedOfIpv4(request: Ec2Requests["AssignPrivateIpAddresses"]): Asked {
  return {
    addressCount: request.secondaryPrivateIpAddressCount,
    addresses: request.privateIpAddresses,
    prefixCount: request.ipv4PrefixCount,
    prefixes: request.ipv4Prefixes,
  };
}

/** As askedOfIpv4. */
export function askedOfIpv6(request: Ec2Requests["AssignIpv6Addresses"]): Asked {
  return {
    addressCount: request.ipv6AddressCount,
    addresses: request.ipv6Addresses,
    prefixCount: request.ipv6PrefixCount,
    prefixes: request.ipv6Prefixes,
  };
}

/**
 * Addresses and prefixes come to an interface and leave it. The request has passed the refusals.
 * @param atMost cuts an assignment by count short, which EC2 itself never does
 */
export function changeAddresses(world: World, command: AddressCommand, atMost: number): InterfaceStep {
  const own = world.interfaces.get(command.request.networkInterfaceId) as FakeInterface;
  switch (command.action) {
    case "AssignPrivateIpAddresses":
      return assign(world, { own, family: 4, asked: askedOfIpv4(command.request), action: command.action }, atMost);
    case "AssignIpv6Addresses":
      return assign(world, { own, family: 6, asked: askedOfIpv6(command.request), action: command.action }, atMost);
    case "UnassignPrivateIpAddresses":
      return unassign(world, { own, family: 4, asked: askedOfIpv4(command.request), action: command.action });
    case "UnassignIpv6Addresses":
      return unassign(world, { own, family: 6, asked: askedOfIpv6(command.request), action: command.action });
  }
}

interface Work {
  readonly own: FakeInterface;
  readonly family: Family;
  readonly asked: Asked;
  readonly action: AddressAction;
}

function assign(world: World, { own, family, asked, action }: Work, atMost: number): InterfaceStep {
  const space = spaceOf(world, own.subnetId, family);
  const named = { addresses: namedAddresses(asked), prefixes: namedPrefixes(asked) };
  const drawn = take(space, family, {
    addresses: Math.min(asked.addressCount ?? 0, atMost),
    prefixes: Math.min(asked.prefixCount ?? 0, atMost),
  });
  const fresh: Held = {
    addresses: [...named.addresses.filter((address) => space?.claim(hostCidr(address))), ...drawn.addresses],
    prefixes: [...named.prefixes.filter((prefix) => space?.claim(prefix)), ...drawn.prefixes],
  };
  const held = heldOf(own, family);
  const both: Held = {
    addresses: [...held.addresses, ...fresh.addresses],
    prefixes: [...held.prefixes, ...fresh.prefixes],
  };
  world.interfaces.set(own.networkInterfaceId, withHeld(own, family, both));
  const told: Held = {
    addresses: named.addresses.length > 0 ? named.addresses : fresh.addresses,
    prefixes: named.prefixes.length > 0 ? named.prefixes : fresh.prefixes,
  };
  const answer = { action, answer: { networkInterfaceId: own.networkInterfaceId, ...told } } as Ec2Answer;
  return stepOf(answer, "assigned", { own, ...fresh });
}

function unassign(world: World, { own, family, asked, action }: Work): InterfaceStep {
  const space = spaceOf(world, own.subnetId, family);
  const held = heldOf(own, family);
  const [goneAddresses, gonePrefixes] = [new Set(namedAddresses(asked)), new Set(namedPrefixes(asked))];
  const gone: Held = {
    addresses: held.addresses.filter((address) => goneAddresses.has(address)),
    prefixes: held.prefixes.filter((prefix) => gonePrefixes.has(prefix)),
  };
  for (const cidr of [...gone.addresses.map(hostCidr), ...gone.prefixes]) space?.release(cidr);
  const left: Held = {
    addresses: held.addresses.filter((address) => !goneAddresses.has(address)),
    prefixes: held.prefixes.filter((prefix) => !gonePrefixes.has(prefix)),
  };
  world.interfaces.set(own.networkInterfaceId, withHeld(own, family, left));
  const answer = { action, answer: { networkInterfaceId: own.networkInterfaceId, ...gone } } as Ec2Answer;
  return stepOf(answer, "unassigned", { own, ...gone });
}

function namedAddresses({ addresses = [] }: Asked): readonly Address[] {
  return addresses.map((text) => parseAddress(text));
}

function namedPrefixes({ prefixes = [] }: Asked): readonly Cidr[] {
  return prefixes.map((text) => parseCidr(text));
}

function stepOf(
  answer: Ec2Answer,
  kind: "assigned" | "unassigned",
  { own, addresses, prefixes }: Held & { readonly own: FakeInterface },
): InterfaceStep {
  if (addresses.length + prefixes.length === 0) return { answer };
  const { networkInterfaceId } = own;
  return { answer, change: { kind, networkInterfaceId, addresses, ...(prefixes.length === 0 ? {} : { prefixes }) } };
}
