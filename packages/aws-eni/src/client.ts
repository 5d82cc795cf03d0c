import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  type CreateNetworkInterfaceCommandInput,
  DeleteNetworkInterfaceCommand,
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  DetachNetworkInterfaceCommand,
  EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  type _InstanceType as SdkInstanceType,
  type InstanceTypeInfo as SdkInstanceTypeInfo,
  type NetworkInterface as SdkNetworkInterface,
  type Subnet as SdkSubnet,
  type Tag as SdkTag,
  type Vpc as SdkVpc,
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from "@aws-sdk/client-ec2";
import type { CallOptions } from "@podwire/core";
import type {
  AssignedAddresses,
  Ec2Api,
  Filter,
  InstanceTypeInfo,
  InterfaceCreation,
  NetworkInterface,
  Subnet,
  Vpc,
} from "./api.ts";
import { connectTimeoutMs } from "./config.ts";
import { describeAll, send } from "./ec2-call.ts";
import { askedFor, type Ec2Call } from "./errors.ts";

export interface Ec2ClientOptions {
  /** A function is asked when the first call is made. */
  readonly region: string | (() => Promise<string>);
  readonly callTimeoutMs: number;
  /** Objects on one page of a describe, 5 to 1000. */
  readonly pageSize?: number;
}

export interface Ec2Client extends Ec2Api {
  /** Closes idle connections. */
  close(): void;
}

/**
 * EC2 through the AWS SDK. Credentials and endpoint come from where the SDK always takes them (environment, shared
 * files, the instance's role; AWS_ENDPOINT_URL_EC2). The SDK's own retries are off: podwire retries in one place.
 */
export function createEc2Client(options: Ec2ClientOptions): Ec2Client {
  return new SdkClient(options);
}

class SdkClient implements Ec2Client {
  readonly #sdk: EC2Client;
  readonly #page: { readonly MaxResults: number };

  constructor({ region, callTimeoutMs, pageSize = 1000 }: Ec2ClientOptions) {
    this.#page = { MaxResults: pageSize };
    this.#sdk = new EC2Client({
      region,
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: Math.min(connectTimeoutMs, callTimeoutMs),
        requestTimeout: callTimeoutMs,
        throwOnRequestTimeout: true,
      },
    });
  }

  describeInstanceTypes(
    { instanceTypes }: Parameters<Ec2Api["describeInstanceTypes"]>[0],
    options: CallOptions,
  ): Promise<readonly InstanceTypeInfo[]> {
    const call: Ec2Call = { action: "DescribeInstanceTypes", object: instanceTypes.join(" ") };
    return describeAll(call, options, async (token, abortSignal) => {
      const command = new DescribeInstanceTypesCommand({ InstanceTypes: instanceTypes as SdkInstanceType[], ...token });
      const output = await this.#sdk.send(command, { abortSignal });
      return { items: output.InstanceTypes?.map(instanceTypeOf), nextToken: output.NextToken };
    });
  }

  describeNetworkInterfaces(
    selection: Parameters<Ec2Api["describeNetworkInterfaces"]>[0],
    options: CallOptions,
  ): Promise<readonly NetworkInterface[]> {
    // EC2 takes ids or a page size, not both.
    const [object, input] =
      "filters" in selection
        ? [valuesOf(selection.filters), { Filters: sdkFilters(selection.filters), ...this.#page }]
        : [selection.networkInterfaceIds.join(" "), { NetworkInterfaceIds: [...selection.networkInterfaceIds] }];
    return describeAll({ action: "DescribeNetworkInterfaces", object }, options, async (token, abortSignal) => {
      const command = new DescribeNetworkInterfacesCommand({ ...input, ...token });
      const output = await this.#sdk.send(command, { abortSignal });
      return { items: output.NetworkInterfaces?.map(networkInterfaceOf), nextToken: output.NextToken };
    });
  }

  describeSubnets(
    { filters }: Parameters<Ec2Api["describeSubnets"]>[0],
    options: CallOptions,
  ): Promise<readonly Subnet[]> {
    const call: Ec2Call = { action: "DescribeSubnets", object: valuesOf(filters) };
    return describeAll(call, options, async (token, abortSignal) => {
      const command = new DescribeSubnetsCommand({ Filters: sdkFilters(filters), ...this.#page, ...token });
      const output = await this.#sdk.send(command, { abortSignal });
      return { items: output.Subnets?.map(subnetOf), nextToken: output.NextToken };
    });
  }

  describeVpcs({ vpcIds }: Parameters<Ec2Api["describeVpcs"]>[0], options: CallOptions): Promise<readonly Vpc[]> {
    const call: Ec2Call = { action: "DescribeVpcs", object: vpcIds.join(" ") };
    return describeAll(call, options, async (token, abortSignal) => {
      const command = new DescribeVpcsCommand({ VpcIds: [...vpcIds], ...token });
      const output = await this.#sdk.send(command, { abortSignal });
      return { items: output.Vpcs?.map(vpcOf), nextToken: output.NextToken };
    });
  }

  assignPrivateIpAddresses(
    { networkInterfaceId, ...count }: Parameters<Ec2Api["assignPrivateIpAddresses"]>[0],
    options: CallOptions,
  ): Promise<AssignedAddresses> {
    const call: Ec2Call = { action: "AssignPrivateIpAddresses", object: networkInterfaceId, ...askedFor(count) };
    return send(call, options, async (abortSignal) => {
      const command = new AssignPrivateIpAddressesCommand({
        NetworkInterfaceId: networkInterfaceId,
        ...ipv4Count(count),
      });
      const output = await this.#sdk.send(command, { abortSignal });
      const [addresses, prefixes] = [output.AssignedPrivateIpAddresses ?? [], output.AssignedIpv4Prefixes ?? []];
      return {
        privateIpAddresses: addresses.map((entry) => required(entry.PrivateIpAddress, "privateIpAddress")),
        ipv4Prefixes: prefixes.map((entry) => required(entry.Ipv4Prefix, "ipv4Prefix")),
      };
    });
  }

  unassignPrivateIpAddresses(
    { networkInterfaceId, privateIpAddresses, ipv4Prefixes }: Parameters<Ec2Api["unassignPrivateIpAddresses"]>[0],
    options: CallOptions,
  ): Promise<void> {
    const call: Ec2Call = { action: "UnassignPrivateIpAddresses", object: networkInterfaceId };
    return send(call, options, async (abortSignal) => {
      const command = new UnassignPrivateIpAddressesCommand({
        NetworkInterfaceId: networkInterfaceId,
        ...(privateIpAddresses.length === 0 ? {} : { PrivateIpAddresses: [...privateIpAddresses] }),
        ...(ipv4Prefixes.length === 0 ? {} : { Ipv4Prefixes: [...ipv4Prefixes] }),
      });
      await this.#sdk.send(command, { abortSignal });
    });
  }

  assignIpv6Addresses(
    { networkInterfaceId, ipv6PrefixCount }: Parameters<Ec2Api["assignIpv6Addresses"]>[0],
    options: CallOptions,
  ): Promise<{ readonly ipv6Prefixes: readonly string[] }> {
    const call: Ec2Call = { action: "AssignIpv6Addresses", object: networkInterfaceId, asked: "prefixes" };
    return send(call, options, async (abortSignal) => {
      const command = new AssignIpv6AddressesCommand({
        NetworkInterfaceId: networkInterfaceId,
        Ipv6PrefixCount: ipv6PrefixCount,
      });
      return { ipv6Prefixes: (await this.#sdk.send(command, { abortSignal })).AssignedIpv6Prefixes ?? [] };
    });
  }

  unassignIpv6Addresses(
    { networkInterfaceId, ipv6Prefixes }: Parameters<Ec2Api["unassignIpv6Addresses"]>[0],
    options: CallOptions,
  ): Promise<void> {
    const call: Ec2Call = { action: "UnassignIpv6Addresses", object: networkInterfaceId };
    return send(call, options, async (abortSignal) => {
      const command = new UnassignIpv6AddressesCommand({
        NetworkInterfaceId: networkInterfaceId,
        Ipv6Prefixes: [...ipv6Prefixes],
      });
      await this.#sdk.send(command, { abortSignal });
    });
  }

  createNetworkInterface(input: InterfaceCreation, options: CallOptions): Promise<NetworkInterface> {
    const call: Ec2Call = { action: "CreateNetworkInterface", object: input.subnetId, ...askedFor(input) };
    return send(call, options, async (abortSignal) => {
      const output = await this.#sdk.send(new CreateNetworkInterfaceCommand(creationOf(input)), { abortSignal });
      return networkInterfaceOf(required(output.NetworkInterface, "networkInterface"));
    });
  }

  attachNetworkInterface(
    input: Parameters<Ec2Api["attachNetworkInterface"]>[0],
    options: CallOptions,
  ): Promise<{ readonly attachmentId: string }> {
    const call: Ec2Call = { action: "AttachNetworkInterface", object: input.networkInterfaceId };
    return send(call, options, async (abortSignal) => {
      const command = new AttachNetworkInterfaceCommand({
        NetworkInterfaceId: input.networkInterfaceId,
        InstanceId: input.instanceId,
        DeviceIndex: input.deviceIndex,
        // Left out it is 0 too, but then EC2 counts the indexes of all cards: https://github.com/cilium/cilium/pull/42512
        NetworkCardIndex: input.networkCardIndex,
      });
      const output = await this.#sdk.send(command, { abortSignal });
      return { attachmentId: required(output.AttachmentId, "attachmentId") };
    });
  }

  modifyNetworkInterfaceAttribute(
    { networkInterfaceId, attachmentId, deleteOnTermination }: Parameters<Ec2Api["modifyNetworkInterfaceAttribute"]>[0],
    options: CallOptions,
  ): Promise<void> {
    const call: Ec2Call = { action: "ModifyNetworkInterfaceAttribute", object: networkInterfaceId };
    return send(call, options, async (abortSignal) => {
      const command = new ModifyNetworkInterfaceAttributeCommand({
        NetworkInterfaceId: networkInterfaceId,
        Attachment: { AttachmentId: attachmentId, DeleteOnTermination: deleteOnTermination },
      });
      await this.#sdk.send(command, { abortSignal });
    });
  }

  detachNetworkInterface(
    { attachmentId }: Parameters<Ec2Api["detachNetworkInterface"]>[0],
    options: CallOptions,
  ): Promise<void> {
    return send({ action: "DetachNetworkInterface", object: attachmentId }, options, async (abortSignal) => {
      await this.#sdk.send(new DetachNetworkInterfaceCommand({ AttachmentId: attachmentId }), { abortSignal });
    });
  }

  deleteNetworkInterface(
    { networkInterfaceId }: Parameters<Ec2Api["deleteNetworkInterface"]>[0],
    options: CallOptions,
  ): Promise<void> {
    return send({ action: "DeleteNetworkInterface", object: networkInterfaceId }, options, async (abortSignal) => {
      const command = new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: networkInterfaceId });
      await this.#sdk.send(command, { abortSignal });
    });
  }

  close(): void {
    this.#sdk.destroy();
  }
}

function creationOf(input: InterfaceCreation): CreateNetworkInterfaceCommandInput {
  const { ipv6PrefixCount, tags } = input;
  return {
    SubnetId: input.subnetId,
    Description: input.description,
    Groups: [...input.securityGroupIds],
    ...ipv4Count(input),
    ...(ipv6PrefixCount === undefined ? {} : { Ipv6PrefixCount: ipv6PrefixCount }),
    ClientToken: input.clientToken,
    TagSpecifications: [
      { ResourceType: "network-interface", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
    ],
  };
}

function ipv4Count(count: { readonly secondaryPrivateIpAddressCount?: number; readonly ipv4PrefixCount?: number }) {
  const { secondaryPrivateIpAddressCount: addresses, ipv4PrefixCount: prefixes } = count;
  return {
    ...(addresses === undefined ? {} : { SecondaryPrivateIpAddressCount: addresses }),
    ...(prefixes === undefined ? {} : { Ipv4PrefixCount: prefixes }),
  };
}

function sdkFilters(filters: readonly Filter[]) {
  return filters.map(({ name, values }) => ({ Name: name, Values: [...values] }));
}

function valuesOf(filters: readonly Filter[]): string {
  return filters.flatMap(({ values }) => values).join(" ");
}

/** The SDK's types make everything optional. An answer that lacks what EC2 always sends cannot be trusted. */
function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`EC2's answer lacks ${name}`);
  return value;
}

function instanceTypeOf({ InstanceType, NetworkInfo, Hypervisor, BareMetal }: SdkInstanceTypeInfo): InstanceTypeInfo {
  const ipv6Addresses = NetworkInfo?.Ipv6Supported === true ? NetworkInfo.Ipv6AddressesPerInterface : 0;
  return {
    instanceType: required(InstanceType, "instanceType"),
    maximumNetworkInterfaces: required(NetworkInfo?.MaximumNetworkInterfaces, "maximumNetworkInterfaces"),
    ipv4AddressesPerInterface: required(NetworkInfo?.Ipv4AddressesPerInterface, "ipv4AddressesPerInterface"),
    ipv6AddressesPerInterface: required(ipv6Addresses, "ipv6AddressesPerInterface"),
    ...(Hypervisor === undefined ? {} : { hypervisor: Hypervisor }),
    bareMetal: BareMetal ?? false,
  };
}

function networkInterfaceOf(own: SdkNetworkInterface): NetworkInterface {
  const attachment = attachmentOf(own.Attachment);
  return {
    networkInterfaceId: required(own.NetworkInterfaceId, "networkInterfaceId"),
    macAddress: required(own.MacAddress, "macAddress"),
    subnetId: required(own.SubnetId, "subnetId"),
    ...(attachment === undefined ? {} : { attachment }),
    securityGroupIds: (own.Groups ?? []).map(({ GroupId }) => required(GroupId, "groupId")),
    privateIpAddresses: (own.PrivateIpAddresses ?? []).map((entry) => ({
      privateIpAddress: required(entry.PrivateIpAddress, "privateIpAddress"),
      primary: entry.Primary ?? false,
    })),
    ipv4Prefixes: (own.Ipv4Prefixes ?? []).map((entry) => required(entry.Ipv4Prefix, "ipv4Prefix")),
    ipv6Addresses: ipv6AddressesOf(own),
    ipv6Prefixes: (own.Ipv6Prefixes ?? []).map((entry) => required(entry.Ipv6Prefix, "ipv6Prefix")),
    tags: tagsOf(own.TagSet),
  };
}

/** The one that EC2 calls primary first, where there is one. */
function ipv6AddressesOf({ Ipv6Addresses = [] }: SdkNetworkInterface): readonly string[] {
  const primary = Ipv6Addresses.filter(({ IsPrimaryIpv6 }) => IsPrimaryIpv6 === true);
  const others = Ipv6Addresses.filter(({ IsPrimaryIpv6 }) => IsPrimaryIpv6 !== true);
  return [...primary, ...others].map((entry) => required(entry.Ipv6Address, "ipv6Address"));
}

/** An interface that a service of AWS attached to its own machines has an attachment without an instance. */
function attachmentOf(attachment: SdkNetworkInterface["Attachment"]): NetworkInterface["attachment"] {
  if (attachment?.InstanceId === undefined) return undefined;
  return {
    attachmentId: required(attachment.AttachmentId, "attachmentId"),
    instanceId: attachment.InstanceId,
    deviceIndex: required(attachment.DeviceIndex, "deviceIndex"),
    networkCardIndex: attachment.NetworkCardIndex ?? 0,
    deleteOnTermination: attachment.DeleteOnTermination ?? false,
  };
}

function subnetOf(subnet: SdkSubnet): Subnet {
  return {
    subnetId: required(subnet.SubnetId, "subnetId"),
    availabilityZone: required(subnet.AvailabilityZone, "availabilityZone"),
    cidrBlock: required(subnet.CidrBlock, "cidrBlock"),
    ipv6CidrBlocks: ipv6CidrBlocksOf(subnet),
    availableIpAddressCount: required(subnet.AvailableIpAddressCount, "availableIpAddressCount"),
    tags: tagsOf(subnet.Tags),
  };
}

function vpcOf(vpc: SdkVpc): Vpc {
  const associated = (vpc.CidrBlockAssociationSet ?? []).filter(
    (entry) => entry.CidrBlockState?.State === "associated",
  );
  const later = associated.map((entry) => required(entry.CidrBlock, "cidrBlock"));
  return {
    vpcId: required(vpc.VpcId, "vpcId"),
    cidrBlocks: [...new Set([required(vpc.CidrBlock, "cidrBlock"), ...later])],
    ipv6CidrBlocks: ipv6CidrBlocksOf(vpc),
  };
}

function ipv6CidrBlocksOf({ Ipv6CidrBlockAssociationSet = [] }: SdkSubnet | SdkVpc): readonly string[] {
  const associated = Ipv6CidrBlockAssociationSet.filter((entry) => entry.Ipv6CidrBlockState?.State === "associated");
  return associated.map((entry) => required(entry.Ipv6CidrBlock, "ipv6CidrBlock"));
}

function tagsOf(tags: readonly SdkTag[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}
