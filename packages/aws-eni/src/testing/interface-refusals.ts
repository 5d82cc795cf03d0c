import { type Family, families } from "@podwire/core";
import { canHoldPrefixes, type HeldCount, hasRoomFor, slotLimit, slotsOf, spaceOf } from "./held.ts";
import { attachedAs, createdBefore } from "./interface-life.ts";
import {
  fragmentedSubnet,
  lacksAddresses,
  prefixesOfFragments,
  prefixesWithoutAddresses,
  tooFewAddresses,
  tooFewForPrefixes,
} from "./prefix-shortage.ts";
import { apiReference, dryRunSet, errorsOverview, interfaceUnknown, type RefusalRow, textIf } from "./refusal-row.ts";
import type { Ec2Requests, InterfaceAction } from "./requests.ts";
import { type FakeInstance, type FakeInterface, isHeldBy, isPrimary, type World } from "./world.ts";

const createRows: readonly RefusalRow<"CreateNetworkInterface">[] = [
  {
    condition: "a client token that was used with other parameters",
    code: "IdempotentParameterMismatch",
    httpStatus: 400,
    source: "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html (text unverified)",
    refuses: (world, request) =>
      textIf(
        createdBefore(world, request) === "other parameters",
        "The client token was used with other request parameters.",
      ),
  },
  {
    condition: "a subnet that does not exist",
    code: "InvalidSubnetID.NotFound",
    httpStatus: 400,
    source: errorsOverview,
    refuses: (world, { subnetId }) =>
      textIf(!world.subnets.has(subnetId), `The subnet ID '${subnetId}' does not exist`),
  },
  {
    condition: "a security group that the subnet's VPC does not have",
    code: "InvalidGroup.NotFound",
    httpStatus: 400,
    source: `${errorsOverview} (text unverified)`,
    refuses: (world, { subnetId, securityGroupIds = [] }) => {
      const known = world.vpcs.get(world.subnets.get(subnetId)?.vpcId ?? "")?.securityGroupIds ?? [];
      const unknown = securityGroupIds.find((id) => !known.includes(id));
      return textIf(unknown !== undefined, `The security group '${unknown}' does not exist`);
    },
  },
  {
    condition: "a count below one",
    code: "InvalidParameterValue",
    httpStatus: 400,
    source: "unverified",
    refuses: (_world, request) => {
      const count = countsOf(request).find((value) => value !== undefined && value < 1);
      return textIf(count !== undefined, `Value (${count}) for the parameter of a count is invalid.`);
    },
  },
  {
    condition: "a count of IPv4 addresses and a count of IPv4 prefixes",
    code: "InvalidParameterCombination",
    httpStatus: 400,
    source: `${apiReference("CreateNetworkInterface")} (code unverified)`,
    refuses: (_world, { secondaryPrivateIpAddressCount, ipv4PrefixCount }) =>
      textIf(
        secondaryPrivateIpAddressCount !== undefined && ipv4PrefixCount !== undefined,
        "Specify either a count of private IPv4 addresses or a count of IPv4 prefixes.",
      ),
  },
  {
    condition: "a count of IPv6 addresses and a count of IPv6 prefixes",
    code: "InvalidParameterValue",
    httpStatus: 400,
    source: "https://github.com/aws/karpenter-provider-aws/issues/2187",
    refuses: (_world, { ipv6AddressCount, ipv6PrefixCount }) =>
      textIf(
        ipv6AddressCount !== undefined && ipv6PrefixCount !== undefined,
        "You can and can only specify one of ipv6-addresses or ipv6-addresses-count ipv6-prefix and ipv6-prefix-count.",
      ),
  },
  {
    condition: "IPv6 in a subnet that has none",
    code: "InvalidParameterValue",
    httpStatus: 400,
    source: "unverified",
    refuses: (world, { subnetId, ipv6AddressCount, ipv6PrefixCount }) => {
      if (ipv6AddressCount === undefined && ipv6PrefixCount === undefined) return undefined;
      const text = `The subnet '${subnetId}' has no IPv6 CIDR block associated with it.`;
      return textIf(spaceOf(world, subnetId, 6) === undefined, text);
    },
  },
  {
    condition: "tags for something else than the interface",
    code: "InvalidParameterValue",
    httpStatus: 400,
    source: "unverified",
    refuses: (_world, { tagSpecifications = [] }) => {
      const foreign = tagSpecifications.find(({ resourceType }) => resourceType !== "network-interface");
      return textIf(foreign !== undefined, `'${foreign?.resourceType}' is not a valid taggable resource type`);
    },
  },
  {
    condition: "fewer free addresses in the subnet than asked for",
    code: "InsufficientFreeAddressesInSubnet",
    httpStatus: 400,
    source: "https://github.com/aws/amazon-vpc-cni-k8s/pull/1773",
    refuses: (world, request) => {
      const addresses = 1 + (request.secondaryPrivateIpAddressCount ?? 0);
      return textIf(lacksRoom(world, request, { family: 4, addresses }), tooFewAddresses);
    },
  },
  {
    condition: "fewer free addresses in the subnet than the prefixes hold",
    ...prefixesWithoutAddresses,
    refuses: (world, request) => {
      const space = spaceOf(world, request.subnetId, 4);
      const isNew = createdBefore(world, request) === undefined;
      return textIf(isNew && lacksAddresses(space, 4, request.ipv4PrefixCount ?? 0), tooFewForPrefixes);
    },
  },
  {
    condition: "free addresses enough, and no free prefixes among them",
    ...prefixesOfFragments,
    refuses: (world, request) => {
      const lacks4 = lacksRoom(world, request, { family: 4, addresses: 1, prefixes: request.ipv4PrefixCount });
      const lacks6 = lacksRoom(world, request, {
        family: 6,
        addresses: request.ipv6AddressCount,
        prefixes: request.ipv6PrefixCount,
      });
      return textIf(lacks4 || lacks6, fragmentedSubnet);
    },
  },
  dryRunSet,
];

const attachRows: readonly RefusalRow<"AttachNetworkInterface">[] = [
  interfaceUnknown,
  {
    condition: "an instance that does not exist",
    code: "InvalidInstanceID.NotFound",
    httpStatus: 400,
    source: errorsOverview,
    refuses: (world, { instanceId: id }) => textIf(!world.instances.has(id), `The instance ID '${id}' does not exist`),
  },
  {
    condition: "an interface that an instance holds",
    code: "InvalidNetworkInterface.InUse",
    httpStatus: 400,
    source: "https://github.com/hashicorp/terraform-provider-aws/issues/27513",
    refuses: (world, { networkInterfaceId: id }) =>
      textIf(world.interfaces.get(id)?.attachment !== undefined, `Interface: [${id}] in use.`),
  },
  {
    condition: "an instance in another availability zone",
    code: "InvalidParameterCombination",
    httpStatus: 400,
    source: "unverified",
    refuses: (world, { networkInterfaceId, instanceId }) => {
      const zones = new Set([world.interfaces.get(networkInterfaceId)?.availabilityZone, zoneOf(world, instanceId)]);
      return textIf(zones.size > 1, "The interface and the instance are not in the same availability zone.");
    },
  },
  {
    condition: "a device index that is taken",
    code: "InvalidParameterValue",
    httpStatus: 400,
    source: "https://github.com/lstoll/k8s-vpcnet/issues/71",
    refuses: (world, { instanceId, deviceIndex }) => {
      const taken = heldBy(world, instanceId).some(({ attachment }) => attachment?.deviceIndex === deviceIndex);
      return textIf(
        taken,
        `Instance '${instanceId}' already has an interface attached at device index '${deviceIndex}'.`,
      );
    },
  },
  {
    condition: "more interfaces than the instance type allows",
    code: "AttachmentLimitExceeded",
    httpStatus: 400,
    source: "https://github.com/cilium/cilium/issues/15877",
    refuses: (world, { instanceId }) => {
      const { instanceType } = world.instances.get(instanceId) as FakeInstance;
      const count = heldBy(world, instanceId).length + 1;
      const limit = world.instanceTypes.get(instanceType)?.maximumNetworkInterfaces ?? 0;
      return textIf(count > limit, `Interface count ${count} exceeds the limit for ${instanceType}`);
    },
  },
  {
    condition: "more addresses than the instance type allows on one interface",
    code: "PrivateIpAddressLimitExceeded",
    httpStatus: 400,
    source: "unverified",
    refuses: (world, { networkInterfaceId, instanceId }) => {
      const own = world.interfaces.get(networkInterfaceId) as FakeInterface;
      const tooMany = families.some((family) => slotsOf(own, family) > slotLimit(world, instanceId, family));
      return textIf(tooMany, "Number of private addresses will exceed limit.");
    },
  },
  {
    condition: "an interface with prefixes on an instance type that can have none",
    code: "InvalidParameterValue",
    httpStatus: 400,
    source: "unverified",
    refuses: (world, { networkInterfaceId, instanceId }) => {
      const own = world.interfaces.get(networkInterfaceId) as FakeInterface;
      const hasPrefixes = own.ipv4Prefixes.length + own.ipv6Prefixes.length > 0;
      const text = "The instance type does not support prefixes.";
      return textIf(hasPrefixes && !canHoldPrefixes(world, instanceId), text);
    },
  },
  dryRunSet,
];

export const interfaceRefusals: { readonly [A in InterfaceAction]: readonly RefusalRow<A>[] } = {
  CreateNetworkInterface: createRows,
  AttachNetworkInterface: attachRows,
  ModifyNetworkInterfaceAttribute: [
    interfaceUnknown,
    {
      condition: "an attachment that the interface does not have",
      code: "InvalidAttachmentID.NotFound",
      httpStatus: 400,
      source: `${errorsOverview} (text unverified)`,
      refuses: (world, { networkInterfaceId, attachmentId: id }) => {
        const own = world.interfaces.get(networkInterfaceId)?.attachment?.attachmentId;
        return textIf(own !== id, `The networkInterface attachment ID '${id}' does not exist`);
      },
    },
    dryRunSet,
  ],
  DetachNetworkInterface: [
    {
      condition: "an attachment that does not exist",
      code: "InvalidAttachmentID.NotFound",
      httpStatus: 400,
      source: `${errorsOverview} (text unverified)`,
      refuses: (world, { attachmentId: id }) =>
        textIf(attachedAs(world, id) === undefined, `The networkInterface attachment ID '${id}' does not exist`),
    },
    {
      condition: "the primary interface of an instance",
      code: "OperationNotPermitted",
      httpStatus: 400,
      source: "https://github.com/redhat-performance/cloud-governance/pull/950",
      refuses: (world, { attachmentId: id }) =>
        textIf(
          isPrimary(attachedAs(world, id) as FakeInterface),
          "The network interface at device index 0 and networkCard index 0 cannot be detached.",
        ),
    },
    dryRunSet,
  ],
  DeleteNetworkInterface: [
    interfaceUnknown,
    {
      condition: "an interface that an instance holds",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "https://github.com/gruntwork-io/cloud-nuke/issues/431",
      refuses: (world, { networkInterfaceId: id }) =>
        textIf(world.interfaces.get(id)?.attachment !== undefined, `Network interface '${id}' is currently in use.`),
    },
    dryRunSet,
  ],
};

function countsOf(request: Ec2Requests["CreateNetworkInterface"]): readonly (number | undefined)[] {
  const { secondaryPrivateIpAddressCount, ipv4PrefixCount, ipv6AddressCount, ipv6PrefixCount } = request;
  return [secondaryPrivateIpAddressCount, ipv4PrefixCount, ipv6AddressCount, ipv6PrefixCount];
}

/** A repeated request takes nothing. */
function lacksRoom(
  world: World,
  request: Ec2Requests["CreateNetworkInterface"],
  { family, ...wanted }: HeldCount & { readonly family: Family },
): boolean {
  if (createdBefore(world, request) !== undefined) return false;
  return !hasRoomFor(spaceOf(world, request.subnetId, family), family, wanted);
}

function heldBy(world: World, instanceId: string): readonly FakeInterface[] {
  return [...world.interfaces.values()].filter((own) => isHeldBy(own, instanceId));
}

function zoneOf(world: World, instanceId: string): string | undefined {
  return world.subnets.get(world.instances.get(instanceId)?.subnetId ?? "")?.availabilityZone;
}
