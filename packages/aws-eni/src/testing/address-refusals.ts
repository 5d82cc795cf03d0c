import {
  type Cidr,
  containsAddress,
  containsCidr,
  type Family,
  hostCidr,
  prefixLength,
  tryParseAddress,
  tryParseCidr,
} from "@podwire/core";
import { type Asked, askedOfIpv4, askedOfIpv6 } from "./address-life.ts";
import { canHoldPrefixes, hasRoomFor, heldOf, prefixLengths, slotLimit, slotsOf, spaceOf } from "./held.ts";
import {
  fragmentedSubnet,
  lacksAddresses,
  prefixesOfFragments,
  prefixesWithoutAddresses,
  tooFewAddresses,
  tooFewForPrefixes,
} from "./prefix-shortage.ts";
import { apiReference, dryRunSet, interfaceUnknown, type RefusalRow, textIf } from "./refusal-row.ts";
import type { AddressAction, Ec2Requests } from "./requests.ts";
import type { FakeInterface, World } from "./world.ts";

type AssignAction = "AssignPrivateIpAddresses" | "AssignIpv6Addresses";
type UnassignAction = "UnassignPrivateIpAddresses" | "UnassignIpv6Addresses";

/** One family's requests. */
interface Dialect<A extends AddressAction> {
  readonly family: Family;
  readonly asked: (request: Ec2Requests[A]) => Asked;
  readonly source: string;
}

export const addressRefusals: { readonly [A in AddressAction]: readonly RefusalRow<A>[] } = {
  AssignPrivateIpAddresses: assignRows({
    family: 4,
    asked: askedOfIpv4,
    source: apiReference("AssignPrivateIpAddresses"),
  }),
  AssignIpv6Addresses: assignRows({ family: 6, asked: askedOfIpv6, source: apiReference("AssignIpv6Addresses") }),
  UnassignPrivateIpAddresses: unassignRows({
    family: 4,
    asked: askedOfIpv4,
    source: apiReference("UnassignPrivateIpAddresses"),
  }),
  UnassignIpv6Addresses: unassignRows({ family: 6, asked: askedOfIpv6, source: apiReference("UnassignIpv6Addresses") }),
};

function assignRows<A extends AssignAction>(dialect: Dialect<A>): readonly RefusalRow<A>[] {
  return [
    interfaceUnknown,
    ...askedRows(dialect),
    ...limitRows(dialect),
    ...placeRows(dialect),
    ...roomRows(dialect),
    dryRunSet,
  ];
}

function askedRows<A extends AssignAction>({ family, asked, source }: Dialect<A>): readonly RefusalRow<A>[] {
  return [
    {
      condition: "not exactly one of: a count, addresses, a prefix count, prefixes",
      code: "InvalidParameterCombination",
      httpStatus: 400,
      source: `${source} (code unverified)`,
      refuses: (_world, request) => {
        const named = Object.values(asked(request)).filter((value) => value !== undefined);
        return textIf(named.length !== 1, "Specify either a count, addresses, a prefix count or prefixes.");
      },
    },
    {
      condition: "a count below one",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "unverified",
      refuses: (_world, request) => {
        const { addressCount, prefixCount } = asked(request);
        const count = addressCount ?? prefixCount ?? 1;
        return textIf(count < 1, `Value (${count}) for the parameter of the count is invalid.`);
      },
    },
    {
      condition: "IPv6 in a subnet that has none",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "unverified",
      refuses: (world, request) => {
        const { subnetId } = interfaceOf(world, request);
        const text = `The subnet '${subnetId}' has no IPv6 CIDR block associated with it.`;
        return textIf(spaceOf(world, subnetId, family) === undefined, text);
      },
    },
  ];
}

function limitRows<A extends AssignAction>({ family, asked }: Dialect<A>): readonly RefusalRow<A>[] {
  return [
    {
      condition: "prefixes on an instance type that can have none",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "unverified",
      refuses: (world, request) => {
        const { prefixCount, prefixes } = asked(request);
        if (prefixCount === undefined && prefixes === undefined) return undefined;
        const instanceId = interfaceOf(world, request).attachment?.instanceId;
        return textIf(!canHoldPrefixes(world, instanceId), "The instance type does not support prefixes.");
      },
    },
    {
      condition: "more addresses than the instance type allows on one interface",
      code: "PrivateIpAddressLimitExceeded",
      httpStatus: 400,
      source:
        family === 4
          ? "https://github.com/aws/amazon-vpc-cni-k8s/issues/989"
          : "unverified: that of IPv4, for IPv6 too",
      refuses: (world, request) => {
        const own = interfaceOf(world, request);
        const { addressCount = 0, prefixCount = 0 } = asked(request);
        const wanted = addressCount + prefixCount + strangers(own, family, asked(request)).length;
        const limit = slotLimit(world, own.attachment?.instanceId, family);
        return textIf(slotsOf(own, family) + wanted > limit, "Number of private addresses will exceed limit.");
      },
    },
  ];
}

function placeRows<A extends AssignAction>({ family, asked }: Dialect<A>): readonly RefusalRow<A>[] {
  return [
    {
      condition: "an address or prefix outside the interface's subnet, or no such thing",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "https://github.com/hashicorp/terraform-provider-aws/issues/23114",
      refuses: (world, request) => {
        const cidr = spaceOf(world, interfaceOf(world, request).subnetId, family)?.cidr;
        const outside = named(asked(request)).find((text) => !isInside(cidr, text, family));
        return textIf(outside !== undefined, `invalid value for parameter address: ${outside}`);
      },
    },
    {
      condition: "an address or prefix that is reserved, or that another interface holds",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "unverified",
      refuses: (world, request) => {
        const own = interfaceOf(world, request);
        const space = spaceOf(world, own.subnetId, family);
        const taken = strangers(own, family, asked(request)).find(
          (text) => space?.isFree(cidrOf(text) as Cidr) !== true,
        );
        return textIf(taken !== undefined, `Address ${taken} is in use.`);
      },
    },
  ];
}

function roomRows<A extends AssignAction>({ family, asked }: Dialect<A>): readonly RefusalRow<A>[] {
  const spaceFor = (world: World, request: Ec2Requests[A]) =>
    spaceOf(world, interfaceOf(world, request).subnetId, family);
  return [
    {
      condition: "fewer free addresses in the subnet than asked for",
      code: "InsufficientFreeAddressesInSubnet",
      httpStatus: 400,
      source: "https://github.com/aws/amazon-vpc-cni-k8s/pull/1773",
      refuses: (world, request) => {
        const addresses = asked(request).addressCount ?? 0;
        return textIf(!hasRoomFor(spaceFor(world, request), family, { addresses }), tooFewAddresses);
      },
    },
    {
      condition: "fewer free addresses in the subnet than the prefixes hold",
      ...prefixesWithoutAddresses,
      refuses: (world, request) =>
        textIf(lacksAddresses(spaceFor(world, request), family, asked(request).prefixCount ?? 0), tooFewForPrefixes),
    },
    {
      condition: "free addresses enough, and no free prefixes among them",
      ...prefixesOfFragments,
      refuses: (world, request) => {
        const prefixes = asked(request).prefixCount ?? 0;
        return textIf(!hasRoomFor(spaceFor(world, request), family, { prefixes }), fragmentedSubnet);
      },
    },
  ];
}

function unassignRows<A extends UnassignAction>({ family, asked, source }: Dialect<A>): readonly RefusalRow<A>[] {
  return [
    interfaceUnknown,
    {
      condition: "neither addresses nor prefixes",
      code: "MissingParameter",
      httpStatus: 400,
      source: "unverified",
      refuses: (_world, request) => textIf(named(asked(request)).length === 0, "The request must contain an address."),
    },
    {
      condition: "the interface's own primary address",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: `${source} (text unverified)`,
      refuses: (world, request) => {
        const primary: string = interfaceOf(world, request).privateIpAddress;
        const isNamed = asked(request).addresses?.includes(primary) === true;
        return textIf(isNamed, `The primary IP address ${primary} of an interface cannot be unassigned.`);
      },
    },
    {
      condition: "an address or prefix that the interface does not have",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source:
        family === 4
          ? "https://github.com/apecloud/kubeblocks (DeallocIPAddresses looks for this text)"
          : "unverified: that of IPv4, for IPv6 too",
      refuses: (world, request) => {
        const unknown = strangers(interfaceOf(world, request), family, asked(request)).length > 0;
        const id = request.networkInterfaceId;
        return textIf(unknown, `Some of the specified addresses are not assigned to interface ${id}`);
      },
    },
    dryRunSet,
  ];
}

/** Rows after `interfaceUnknown` may count on it. */
function interfaceOf(world: World, { networkInterfaceId }: { readonly networkInterfaceId: string }): FakeInterface {
  return world.interfaces.get(networkInterfaceId) as FakeInterface;
}

function named({ addresses = [], prefixes = [] }: Asked): readonly string[] {
  return [...addresses, ...prefixes];
}

/** What is named and the interface does not have. */
function strangers(own: FakeInterface, family: Family, asked: Asked): readonly string[] {
  const { addresses, prefixes } = heldOf(own, family);
  const held = new Set<string>([...addresses, ...prefixes]);
  return named(asked).filter((text) => !held.has(tryParseAddress(text) ?? tryParseCidr(text) ?? text));
}

function isInside(subnet: Cidr | undefined, text: string, family: Family): boolean {
  const address = tryParseAddress(text);
  if (subnet === undefined) return false;
  if (address !== undefined) return containsAddress(subnet, address);
  const prefix = tryParseCidr(text);
  return prefix !== undefined && prefixLength(prefix) === prefixLengths[family] && containsCidr(subnet, prefix);
}

function cidrOf(text: string): Cidr | undefined {
  const address = tryParseAddress(text);
  return address === undefined ? tryParseCidr(text) : hostCidr(address);
}
