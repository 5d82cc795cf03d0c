import type { Filter, InstanceTypeInfo } from "../api.ts";
import { spaceOf } from "./held.ts";
import type { DescribeAction, DescribeRequest, Ec2Requests } from "./requests.ts";
import type { FakeInterface, FakeSubnet, FakeVpc, World } from "./world.ts";

/** What each describe lists. */
export interface Described {
  DescribeInstanceTypes: InstanceTypeInfo;
  DescribeNetworkInterfaces: FakeInterface;
  DescribeSubnets: FakeSubnet & { readonly availableIpAddressCount: number };
  DescribeVpcs: FakeVpc;
}

/** How one kind of object is listed: where it is, what it is called, which filters it has. */
export interface Listing<A extends DescribeAction> {
  readonly all: (world: World) => Iterable<Described[A]>;
  readonly idOf: (item: Described[A]) => string;
  readonly requestedIds: (request: Ec2Requests[A]) => readonly string[] | undefined;
  /** Values an object has under each filter name. `tag:KEY` is known for every object with tags. */
  readonly filters: Readonly<Record<string, (item: Described[A]) => readonly string[]>>;
}

export const listings: { readonly [A in DescribeAction]: Listing<A> } = {
  DescribeInstanceTypes: {
    all: (world) => world.instanceTypes.values(),
    idOf: (item) => item.instanceType,
    requestedIds: (request) => request.instanceTypes,
    filters: {
      "bare-metal": (item) => [String(item.bareMetal)],
      hypervisor: ({ hypervisor }) => (hypervisor === undefined ? [] : [hypervisor]),
      "instance-type": (item) => [item.instanceType],
      "network-info.ipv6-supported": (item) => [String(item.ipv6AddressesPerInterface > 0)],
    },
  },
  DescribeNetworkInterfaces: {
    all: (world) => world.interfaces.values(),
    idOf: (item) => item.networkInterfaceId,
    requestedIds: (request) => request.networkInterfaceIds,
    filters: {
      "addresses.private-ip-address": (item) => [item.privateIpAddress, ...item.secondaryAddresses],
      "attachment.attachment-id": ({ attachment }) => (attachment === undefined ? [] : [attachment.attachmentId]),
      "attachment.device-index": ({ attachment }) => (attachment === undefined ? [] : [String(attachment.deviceIndex)]),
      "attachment.instance-id": ({ attachment }) => (attachment === undefined ? [] : [attachment.instanceId]),
      "attachment.status": ({ attachment }) => (attachment === undefined ? [] : ["attached"]),
      "availability-zone": (item) => [item.availabilityZone],
      "ipv6-addresses.ipv6-address": (item) => item.ipv6Addresses,
      description: (item) => [item.description],
      "group-id": (item) => item.securityGroupIds,
      "mac-address": (item) => [item.macAddress],
      "network-interface-id": (item) => [item.networkInterfaceId],
      "private-ip-address": (item) => [item.privateIpAddress],
      status: ({ attachment }) => [attachment === undefined ? "available" : "in-use"],
      "subnet-id": (item) => [item.subnetId],
      "tag-key": (item) => Object.keys(item.tags),
      "vpc-id": (item) => [item.vpcId],
    },
  },
  DescribeSubnets: {
    all: (world) => Array.from(world.subnets.values(), (subnet) => withFreeCount(world, subnet)),
    idOf: (item) => item.subnetId,
    requestedIds: (request) => request.subnetIds,
    filters: {
      "availability-zone": (item) => [item.availabilityZone],
      "available-ip-address-count": (item) => [String(item.availableIpAddressCount)],
      "cidr-block": (item) => [item.cidrBlock],
      "ipv6-cidr-block-association.ipv6-cidr-block": ({ ipv6CidrBlock }) =>
        ipv6CidrBlock === undefined ? [] : [ipv6CidrBlock],
      state: () => ["available"],
      "subnet-id": (item) => [item.subnetId],
      "tag-key": (item) => Object.keys(item.tags),
      "vpc-id": (item) => [item.vpcId],
    },
  },
  DescribeVpcs: {
    all: (world) => world.vpcs.values(),
    idOf: (item) => item.vpcId,
    requestedIds: (request) => request.vpcIds,
    filters: {
      "cidr-block-association.cidr-block": (item) => item.cidrBlocks,
      "ipv6-cidr-block-association.ipv6-cidr-block": (item) => item.ipv6CidrBlocks,
      state: () => ["available"],
      "tag-key": (item) => Object.keys(item.tags),
      "vpc-id": (item) => [item.vpcId],
    },
  },
};

/** One page, in the order of ids. */
export interface DescribedPage<A extends DescribeAction> {
  readonly items: readonly Described[A][];
  readonly nextToken?: string;
}

/** The request must have passed the refusals. */
export function describe<A extends DescribeAction>(
  listing: Listing<A>,
  world: World,
  request: Ec2Requests[A] & DescribeRequest,
): DescribedPage<A> {
  const ids = listing.requestedIds(request);
  const matching = [...listing.all(world)]
    .filter((item) => ids === undefined || ids.includes(listing.idOf(item)))
    .filter((item) => (request.filters ?? []).every((filter) => matchesFilter(listing, item, filter)))
    .sort((a, b) => (listing.idOf(a) < listing.idOf(b) ? -1 : 1));
  return pageOf(listing, matching, request);
}

/** Whether EC2 knows a filter of that name for the action. */
export function isKnownFilter<A extends DescribeAction>(listing: Listing<A>, name: string): boolean {
  return name in listing.filters || ("tag-key" in listing.filters && /^tag:./.test(name));
}

/** The id after which the page starts; undefined for a token this fake did not make. */
export function tryParseNextToken(token: string): string | undefined {
  const text = Buffer.from(token, "base64url").toString("utf8");
  return text.startsWith("after:") ? text.slice("after:".length) : undefined;
}

function withFreeCount(world: World, subnet: FakeSubnet): Described["DescribeSubnets"] {
  return { ...subnet, availableIpAddressCount: spaceOf(world, subnet.subnetId, 4)?.freeCount ?? 0 };
}

function pageOf<A extends DescribeAction>(
  listing: Listing<A>,
  matching: readonly Described[A][],
  { nextToken, maxResults = 1000 }: DescribeRequest,
): DescribedPage<A> {
  const after = nextToken === undefined ? "" : (tryParseNextToken(nextToken) ?? "");
  const rest = matching.filter((item) => listing.idOf(item) > after);
  const items = rest.slice(0, maxResults);
  const last = items.at(-1);
  if (last === undefined || items.length === rest.length) return { items };
  return { items, nextToken: Buffer.from(`after:${listing.idOf(last)}`).toString("base64url") };
}

function matchesFilter<A extends DescribeAction>(listing: Listing<A>, item: Described[A], filter: Filter): boolean {
  const values = filter.name.startsWith("tag:")
    ? tagValues(item, filter.name.slice("tag:".length))
    : (listing.filters[filter.name]?.(item) ?? []);
  return filter.values.some((pattern) => values.some((value) => matchesPattern(pattern, value)));
}

function tagValues(item: object, key: string): readonly string[] {
  const tags = "tags" in item ? (item.tags as Readonly<Record<string, string>>) : {};
  const value = tags[key];
  return value === undefined ? [] : [value];
}

/** `*` is any text, `?` one character; both can be meant as themselves with a backslash. */
function matchesPattern(pattern: string, value: string): boolean {
  const source = pattern.replace(/\\([*?\\])|[.*+?^${}()|[\]\\]/g, (match, escaped?: string) => {
    if (escaped !== undefined) return `\\${escaped}`;
    return match === "*" ? "[\\s\\S]*" : match === "?" ? "[\\s\\S]" : `\\${match}`;
  });
  return new RegExp(`^${source}$`).test(value);
}
