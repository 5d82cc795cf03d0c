import { type Cidr, containsAddress, hostCidr, tryParseAddress } from "@podwire/core";
import type { Ec2Action } from "../api.ts";
import { isKnownFilter, listings, tryParseNextToken } from "./describe.ts";
import { interfaceRefusals } from "./interface-refusals.ts";
import { dryRunSet, errorsOverview, interfaceUnknown, type Refusal, type RefusalRow, textIf } from "./refusal-row.ts";
import type { DescribeAction, Ec2Requests } from "./requests.ts";
import type { FakeInterface, World } from "./world.ts";

const pageSizeOutOfRange: RefusalRow<DescribeAction> = {
  condition: "a page size outside 5…1000",
  code: "InvalidParameterValue",
  httpStatus: 400,
  source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html (text unverified)",
  refuses: (_world, { maxResults: size = 5 }) =>
    textIf(size < 5 || size > 1000, `Value ( ${size} ) for parameter maxResults is invalid`),
};

const foreignPageToken: RefusalRow<DescribeAction> = {
  condition: "a page token that EC2 did not make",
  code: "InvalidParameterValue",
  httpStatus: 400,
  source: "unverified",
  refuses: (_world, { nextToken }) =>
    textIf(nextToken !== undefined && tryParseNextToken(nextToken) === undefined, "Unable to parse pagination token"),
};

export const refusals: { readonly [A in Ec2Action]: readonly RefusalRow<A>[] } = {
  DescribeInstanceTypes: describeRows("DescribeInstanceTypes", {
    code: "InvalidInstanceType",
    source: "https://github.com/aws/aws-k8s-tester/pull/517",
    text: (ids) => `The following supplied instance types do not exist: [${ids}]`,
  }),
  DescribeNetworkInterfaces: describeRows("DescribeNetworkInterfaces", {
    code: "InvalidNetworkInterfaceID.NotFound",
    source: errorsOverview,
    text: (ids) => `The networkInterface ID '${ids}' does not exist`,
  }),
  DescribeSubnets: describeRows("DescribeSubnets", {
    code: "InvalidSubnetID.NotFound",
    source: errorsOverview,
    text: (ids) => `The subnet ID '${ids}' does not exist`,
  }),
  DescribeVpcs: describeRows("DescribeVpcs", {
    code: "InvalidVpcID.NotFound",
    source: errorsOverview,
    text: (ids) => `The vpc ID '${ids}' does not exist`,
  }),
  AssignPrivateIpAddresses: [
    interfaceUnknown,
    {
      condition: "not either a count or addresses",
      code: "InvalidParameterCombination",
      httpStatus: 400,
      source:
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html (code unverified)",
      refuses: (_world, { secondaryPrivateIpAddressCount, privateIpAddresses }) =>
        textIf(
          (secondaryPrivateIpAddressCount === undefined) === (privateIpAddresses === undefined),
          "Specify either secondaryPrivateIpAddressCount or privateIpAddress.",
        ),
    },
    {
      condition: "a count below one",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "unverified",
      refuses: (_world, { secondaryPrivateIpAddressCount: count = 1 }) =>
        textIf(count < 1, `Value (${count}) for parameter secondaryPrivateIpAddressCount is invalid.`),
    },
    {
      condition: "more addresses than the instance type allows on one interface",
      code: "PrivateIpAddressLimitExceeded",
      httpStatus: 400,
      source: "https://github.com/aws/amazon-vpc-cni-k8s/issues/989",
      refuses: (world, request) => {
        const own = interfaceOf(world, request);
        const wanted = request.secondaryPrivateIpAddressCount ?? notYetHeld(own, request).length;
        const total = 1 + own.secondaryAddresses.length + wanted;
        return textIf(total > addressLimit(world, own), "Number of private addresses will exceed limit.");
      },
    },
    {
      condition: "an address outside the interface's subnet",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "https://github.com/hashicorp/terraform-provider-aws/issues/23114",
      refuses: (world, request) => {
        const cidr = world.subnets.get(interfaceOf(world, request).subnetId)?.cidrBlock;
        const outside = request.privateIpAddresses?.find((text) => !isInside(cidr, text));
        return textIf(outside !== undefined, `invalid value for parameter address: ${outside}`);
      },
    },
    {
      condition: "an address that is reserved, or that another interface holds",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "unverified",
      refuses: (world, request) => {
        const own = interfaceOf(world, request);
        const taken = notYetHeld(own, request).find((text) => !isFree(world, own.subnetId, text));
        return textIf(taken !== undefined, `Address ${taken} is in use.`);
      },
    },
    {
      condition: "fewer free addresses in the subnet than asked for",
      code: "InsufficientFreeAddressesInSubnet",
      httpStatus: 400,
      source: "https://github.com/aws/amazon-vpc-cni-k8s/pull/1773",
      refuses: (world, request) => {
        const free = world.spaces.get(interfaceOf(world, request).subnetId)?.freeCount ?? 0;
        const text = "The specified subnet does not have enough free addresses to satisfy the request.";
        return textIf(free < (request.secondaryPrivateIpAddressCount ?? 0), text);
      },
    },
    dryRunSet,
  ],
  UnassignPrivateIpAddresses: [
    interfaceUnknown,
    {
      condition: "the interface's own primary address",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source:
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignPrivateIpAddresses.html (text unverified)",
      refuses: (world, request) => {
        const primary: string = interfaceOf(world, request).privateIpAddress;
        const named = request.privateIpAddresses.includes(primary);
        return textIf(named, `The primary IP address ${primary} of an interface cannot be unassigned.`);
      },
    },
    {
      condition: "an address that the interface does not have",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "https://github.com/apecloud/kubeblocks (DeallocIPAddresses looks for this text)",
      refuses: (world, request) => {
        const unknown = notYetHeld(interfaceOf(world, request), request).length > 0;
        const id = request.networkInterfaceId;
        return textIf(unknown, `Some of the specified addresses are not assigned to interface ${id}`);
      },
    },
    dryRunSet,
  ],
  ...interfaceRefusals,
};

/** Codes that have nothing to do with what stands in the cloud: the wire door or a fault plan gives them. */
export const httpStatusByCode: Readonly<Record<string, number>> = {
  AuthFailure: 401,
  ExpiredToken: 400,
  InternalError: 500,
  InvalidAction: 400,
  MissingAction: 400,
  MissingParameter: 400,
  NoSuchVersion: 400,
  RequestExpired: 400,
  RequestLimitExceeded: 503,
  ServiceUnavailable: 503,
  Unavailable: 503,
  UnauthorizedOperation: 403,
  UnknownParameter: 400,
};

export function refusalOf<A extends Ec2Action>(action: A, world: World, request: Ec2Requests[A]): Refusal | undefined {
  for (const { code, httpStatus, refuses } of refusals[action]) {
    const message = refuses(world, request);
    if (message !== undefined) return { code, httpStatus, message };
  }
  return undefined;
}

interface IdUnknown {
  readonly code: string;
  readonly source: string;
  readonly text: (ids: string) => string;
}

/** What is refused alike for everything that can be listed. */
function describeRows<A extends DescribeAction>(action: A, unknown: IdUnknown): readonly RefusalRow<A>[] {
  const { all, idOf, requestedIds } = listings[action];
  return [
    pageSizeOutOfRange,
    {
      condition: "a page size together with ids",
      code: "InvalidParameterCombination",
      httpStatus: 400,
      source: `https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_${action}.html (text unverified)`,
      refuses: (_world, request) =>
        textIf(
          request.maxResults !== undefined && requestedIds(request) !== undefined,
          "The parameter maxResults cannot be used with ids in the same request.",
        ),
    },
    foreignPageToken,
    {
      condition: "a filter that the action does not know",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "https://github.com/aws/aws-cli/issues/7225",
      refuses: (_world, { filters = [] }) => {
        const foreign = filters.find((filter) => !isKnownFilter(listings[action], filter.name));
        return textIf(foreign !== undefined, `The filter '${foreign?.name}' is invalid`);
      },
    },
    {
      condition: "an id that does not exist",
      code: unknown.code,
      httpStatus: 400,
      source: unknown.source,
      refuses: (world, request) => {
        const known = new Set(Array.from(all(world), idOf));
        const missing = (requestedIds(request) ?? []).filter((id) => !known.has(id));
        return textIf(missing.length > 0, unknown.text(missing.join(", ")));
      },
    },
    dryRunSet,
  ];
}

type InterfaceRequest = Ec2Requests["AssignPrivateIpAddresses"] | Ec2Requests["UnassignPrivateIpAddresses"];

/** Rows after `interfaceUnknown` may count on it. */
function interfaceOf(world: World, { networkInterfaceId }: InterfaceRequest): FakeInterface {
  return world.interfaces.get(networkInterfaceId) as FakeInterface;
}

function notYetHeld(own: FakeInterface, { privateIpAddresses = [] }: InterfaceRequest): readonly string[] {
  return privateIpAddresses.filter((text) => !own.secondaryAddresses.some((address) => address === text));
}

function addressLimit(world: World, own: FakeInterface): number {
  if (own.attachment === undefined) return Number.POSITIVE_INFINITY;
  const instanceType = world.instances.get(own.attachment.instanceId)?.instanceType ?? "";
  return world.instanceTypes.get(instanceType)?.ipv4AddressesPerInterface ?? 0;
}

function isInside(cidr: Cidr | undefined, text: string): boolean {
  const address = tryParseAddress(text);
  return address !== undefined && cidr !== undefined && containsAddress(cidr, address);
}

function isFree(world: World, subnetId: string, text: string): boolean {
  const address = tryParseAddress(text);
  return address !== undefined && world.spaces.get(subnetId)?.isFree(hostCidr(address)) === true;
}
