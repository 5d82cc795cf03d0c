import {
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
  UnassignPrivateIpAddressesCommand,
} from "@aws-sdk/client-ec2";
import { type CallOptions, type CancelSignal, PodwireError } from "@podwire/core";
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
import { type Ec2Call, errorOfFailure, errorOfThrown } from "./errors.ts";

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
    { networkInterfaceId, secondaryPrivateIpAddressCount }: Parameters<Ec2Api["assignPrivateIpAddresses"]>[0],
    options: CallOptions,
  ): Promise<AssignedAddresses> {
    const call: Ec2Call = { action: "AssignPrivateIpAddresses", object: networkInterfaceId };
    return send(call, options, async (abortSignal) => {
      const command = new AssignPrivateIpAddressesCommand({
        NetworkInterfaceId: networkInterfaceId,
        SecondaryPrivateIpAddressCount: secondaryPrivateIpAddressCount,
      });
      const output = await this.#sdk.send(command, { abortSignal });
      const assigned = output.AssignedPrivateIpAddresses ?? [];
      return { privateIpAddresses: assigned.map((entry) => required(entry.PrivateIpAddress, "privateIpAddress")) };
    });
  }

  unassignPrivateIpAddresses(
    { networkInterfaceId, privateIpAddresses }: Parameters<Ec2Api["unassignPrivateIpAddresses"]>[0],
    options: CallOptions,
  ): Promise<void> {
    const call: Ec2Call = { action: "UnassignPrivateIpAddresses", object: networkInterfaceId };
    return send(call, options, async (abortSignal) => {
      const command = new UnassignPrivateIpAddressesCommand({
        NetworkInterfaceId: networkInterfaceId,
        PrivateIpAddresses: [...privateIpAddresses],
      });
      await this.#sdk.send(command, { abortSignal });
    });
  }

  createNetworkInterface(input: InterfaceCreation, options: CallOptions): Promise<NetworkInterface> {
    return send({ action: "CreateNetworkInterface", object: input.subnetId }, options, async (abortSignal) => {
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

interface Page<T> {
  /** Absent when the answer is not the one of a describe. */
  readonly items: readonly T[] | undefined;
  readonly nextToken: string | undefined;
}

type FetchPage<T> = (token: { readonly NextToken?: string }, abortSignal: AbortSignal) => Promise<Page<T>>;

/** Every page, or it throws; a token that comes twice would go on for ever. */
async function describeAll<T>(call: Ec2Call, options: CallOptions, fetchPage: FetchPage<T>): Promise<readonly T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  for (let token: string | undefined = ""; token !== undefined; ) {
    const current: { readonly NextToken?: string } = token === "" ? {} : { NextToken: token };
    const page: Page<T> = await send(call, options, (abortSignal) => fetchPage(current, abortSignal));
    if (page.items === undefined) throw errorOfFailure(call, { kind: "unanswered", message: "the answer has no list" });
    items.push(...page.items);
    token = page.nextToken === "" ? undefined : page.nextToken;
    if (token !== undefined && seen.has(token)) {
      throw errorOfFailure(call, { kind: "unanswered", message: "the same page came twice" });
    }
    if (token !== undefined) seen.add(token);
  }
  return items;
}

async function send<T>(
  call: Ec2Call,
  { signal }: CallOptions,
  run: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new PodwireError("CANCELLED", `ec2:${call.action} was cancelled before it was sent`);
  const { abortSignal, aborted, release } = abortSignalOf(signal);
  try {
    // The SDK minds the signal only once it talks to EC2, not while it looks for region and credentials.
    return await Promise.race([run(abortSignal), aborted]);
  } catch (thrown) {
    throw errorOfThrown(call, thrown);
  } finally {
    release();
  }
}

interface AbortBridge {
  readonly abortSignal: AbortSignal;
  /** Rejects when the signal is aborted, as the SDK would. */
  readonly aborted: Promise<never>;
  readonly release: () => void;
}

function abortSignalOf(signal: CancelSignal): AbortBridge {
  const controller = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => {
    controller.abort();
    reject(controller.signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  return { abortSignal: controller.signal, aborted, release: () => signal.removeEventListener("abort", abort) };
}

function creationOf(input: InterfaceCreation): CreateNetworkInterfaceCommandInput {
  const { secondaryPrivateIpAddressCount: count, tags } = input;
  return {
    SubnetId: input.subnetId,
    Description: input.description,
    Groups: [...input.securityGroupIds],
    ...(count === undefined ? {} : { SecondaryPrivateIpAddressCount: count }),
    ClientToken: input.clientToken,
    TagSpecifications: [
      { ResourceType: "network-interface", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
    ],
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

function instanceTypeOf({ InstanceType, NetworkInfo }: SdkInstanceTypeInfo): InstanceTypeInfo {
  return {
    instanceType: required(InstanceType, "instanceType"),
    maximumNetworkInterfaces: required(NetworkInfo?.MaximumNetworkInterfaces, "maximumNetworkInterfaces"),
    ipv4AddressesPerInterface: required(NetworkInfo?.Ipv4AddressesPerInterface, "ipv4AddressesPerInterface"),
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
    tags: tagsOf(own.TagSet),
  };
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
  };
}

function tagsOf(tags: readonly SdkTag[] | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}
