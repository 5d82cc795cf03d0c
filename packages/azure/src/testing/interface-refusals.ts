import {
  addressAt,
  type Cidr,
  cidrOf,
  cidrSize,
  containsAddress,
  containsCidr,
  hostCidr,
  tryParseAddress,
} from "@podwire/core";
import type { AddressSpace } from "@podwire/testkit";
import type { IpConfiguration, NetworkInterface } from "../api.ts";
import { blockOf } from "../blocks.ts";
import { idKey, networkIdOf, sameId } from "../resource-id.ts";
import { type FakeRequest, type RefusalRow, textIf } from "./refusal-row.ts";
import type { World } from "./world.ts";

type Write = FakeRequest<NetworkInterface>;

const restReference = "https://learn.microsoft.com/rest/api/virtualnetwork/network-interfaces/create-or-update";
const limitsPage =
  "https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits";
const faq = "https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq";

/** What a document of a network interface is refused for, whatever room there is. */
export const interfaceRefusals: readonly RefusalRow<NetworkInterface>[] = [
  {
    condition: "a document without ipConfigurations",
    code: "InvalidRequestFormat",
    httpStatus: 400,
    source: `${restReference} (text unverified)`,
    refuses: (_world, { body }) =>
      textIf(
        !Array.isArray(body?.properties?.ipConfigurations) || body.properties.ipConfigurations.length === 0,
        "Cannot parse the request.",
      ),
  },
  {
    condition: "another location than the interface's",
    code: "InvalidResourceLocation",
    httpStatus: 409,
    source: "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-invalid-resource-location",
    refuses: ({ scenario }, { body }) =>
      textIf(!sameId(body.location ?? "", scenario.location), `The resource already exists in ${scenario.location}.`),
  },
  {
    condition: "not exactly one primary configuration",
    code: "NetworkInterfaceMustHaveOnePrimaryIpConfiguration",
    httpStatus: 400,
    source: "unverified",
    refuses: (_world, { body }) =>
      textIf(
        body.properties.ipConfigurations.filter(({ properties }) => properties.primary === true).length !== 1,
        "A network interface must have exactly one primary ip configuration.",
      ),
  },
  {
    condition: "two configurations of one name",
    code: "DuplicateResourceName",
    httpStatus: 400,
    source: `${restReference} (code unverified)`,
    refuses: (_world, { body }) => {
      const names = body.properties.ipConfigurations.map(({ name }) => idKey(name));
      return textIf(new Set(names).size !== names.length, "Resource names of ip configurations must be unique.");
    },
  },
  {
    condition: "a configuration whose name Azure does not take",
    code: "InvalidResourceName",
    httpStatus: 400,
    source: "https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules",
    refuses: (_world, { body }) => {
      const wrong = body.properties.ipConfigurations.find(({ name }) => !/^[0-9A-Za-z]([\w.-]{0,78}\w)?$/.test(name));
      return textIf(wrong !== undefined, `Resource name ${wrong?.name} is invalid.`);
    },
  },
  {
    condition: "more configurations than an interface may have",
    code: "PrivateIPAddressLimitReached",
    httpStatus: 400,
    source: `${limitsPage} (code unverified)`,
    refuses: ({ scenario }, { body }) =>
      textIf(
        body.properties.ipConfigurations.length > scenario.addressesPerInterface,
        `A network interface has at most ${scenario.addressesPerInterface} private IP addresses.`,
      ),
  },
  {
    condition: "a subnet that does not exist",
    code: "InvalidResourceReference",
    httpStatus: 400,
    source: "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-invalid-resource-reference",
    refuses: ({ spaces }, { body }) => {
      const unknown = body.properties.ipConfigurations.find((one) => !spaces.has(idKey(subnetIdOf(one))));
      return textIf(unknown !== undefined, `Subnet of ${unknown?.name} referenced by the resource was not found.`);
    },
  },
  {
    condition: "a subnet of another network",
    code: "SubnetsNotInSameVnet",
    httpStatus: 400,
    source: "unverified",
    refuses: (world, write) => {
      const home = networkIdOf(subnetIdOf(primaryOf(stored(world, write))));
      const away = write.body.properties.ipConfigurations.find((one) => !sameId(networkIdOf(subnetIdOf(one)), home));
      return textIf(away !== undefined, `${away?.name} is in another virtual network.`);
    },
  },
  {
    condition: "a block of another size than /28",
    code: "InvalidPrivateIPAddressPrefixLength",
    httpStatus: 400,
    source:
      "https://learn.microsoft.com/azure/virtual-network/ip-services/configure-private-ip-address-prefix (code unverified)",
    refuses: (_world, { body }) => {
      const wrong = body.properties.ipConfigurations.find(
        ({ properties }) => (properties.privateIPAddressPrefixLength ?? 28) !== 28,
      );
      return textIf(wrong !== undefined, `${wrong?.name}: the prefix length must be 28.`);
    },
  },
  {
    condition: "an address outside its subnet",
    code: "PrivateIPAddressNotInSubnet",
    httpStatus: 400,
    source: `${restReference} (text unverified)`,
    refuses: (world, write) => {
      const outside = newlyNamed(world, write).find(({ space, cidr }) => !containsCidr(space.cidr, cidr));
      return textIf(outside !== undefined, `Private static IP address ${outside?.cidr} does not belong to the subnet.`);
    },
  },
  {
    condition: "an address that Azure keeps: the first four and the last of a subnet",
    code: "PrivateIPAddressInReservedRange",
    httpStatus: 400,
    source: faq,
    refuses: (world, write) => {
      const kept = newlyNamed(world, write).find(({ space, cidr }) => isReserved(space.cidr, cidr));
      return textIf(kept !== undefined, `Private static IP address ${kept?.cidr} falls within a reserved range.`);
    },
  },
  {
    condition: "an address that somebody else holds",
    code: "PrivateIPAddressIsAllocated",
    httpStatus: 400,
    source: `${restReference} (code unverified)`,
    refuses: (world, write) => {
      const held = newlyNamed(world, write).find(({ space, cidr }) => !space.isFree(cidr));
      return textIf(held !== undefined, `IP configuration address ${held?.cidr} is already allocated.`);
    },
  },
];

/** The first configuration of the document that finds no room in its subnet, told after the rest is right. */
export const noRoom = {
  condition: "a subnet without a free address, or without a free block of that size",
  code: "SubnetIsFull",
  httpStatus: 400,
  source: "unverified: the spelling too, SubnetFull is seen as well",
} as const;

export function subnetIdOf({ properties }: IpConfiguration): string {
  return properties.subnet?.id ?? "";
}

interface NamedAddress {
  readonly space: AddressSpace;
  readonly cidr: Cidr;
}

/** Addresses that the document names for configurations which did not have them. */
function newlyNamed(world: World, write: Write): readonly NamedAddress[] {
  const before = new Set(stored(world, write).properties.ipConfigurations.map(addressKeyOf));
  return write.body.properties.ipConfigurations.flatMap((one) => {
    const space = world.spaces.get(idKey(subnetIdOf(one)));
    const cidr = namedCidr(one);
    return space === undefined || cidr === undefined || before.has(addressKeyOf(one)) ? [] : [{ space, cidr }];
  });
}

/** IPv4 alone: what there is of IPv6 is not counted. */
function namedCidr(one: IpConfiguration): Cidr | undefined {
  if (one.properties.privateIPAddressVersion === "IPv6") return undefined;
  const text = one.properties.privateIPAddress;
  const address = text === undefined ? undefined : tryParseAddress(text);
  if (address === undefined) return text === undefined ? undefined : blockOf(one);
  const length = one.properties.privateIPAddressPrefixLength;
  return length === undefined ? hostCidr(address) : cidrOf(address, length);
}

function addressKeyOf({ name, properties }: IpConfiguration): string {
  return `${idKey(name)} ${properties.privateIPAddress ?? ""}`;
}

function isReserved(subnet: Cidr, cidr: Cidr): boolean {
  const kept = [0n, 1n, 2n, 3n, cidrSize(subnet) - 1n].map((index) => addressAt(subnet, index));
  return kept.some((address) => containsAddress(cidr, address));
}

function stored(world: World, { route }: Write): NetworkInterface {
  return world.interfaces.get(idKey(route.id)) as NetworkInterface;
}

function primaryOf({ properties }: NetworkInterface): IpConfiguration {
  return properties.ipConfigurations.find((one) => one.properties.primary === true) as IpConfiguration;
}
