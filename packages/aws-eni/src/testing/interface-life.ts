import { type Cidr, cidrFamily, networkAddress } from "@podwire/core";
import type { SeededRandom } from "@podwire/testkit";
import type { Ec2Answer } from "./answers.ts";
import type { CloudChange } from "./cloud-change.ts";
import { cidrsOf, spaceOf, take } from "./held.ts";
import type { Ec2Command, Ec2Requests, InterfaceAction } from "./requests.ts";
import { drawMac, type FakeAttachment, type FakeInterface, type FakeSubnet, type World } from "./world.ts";

export type InterfaceCommand = Extract<Ec2Command, { readonly action: InterfaceAction }>;

export interface InterfaceStep {
  readonly answer: Ec2Answer;
  /** Absent when everything stood already. */
  readonly change?: Omit<CloudChange, "by">;
}

interface Drawing {
  readonly random: SeededRandom;
  /** Cuts what a new interface has beside its own address short, which EC2 itself never does. */
  readonly atMost: number;
}

/** From being created to being deleted. The request has passed the refusals. */
export function changeInterface(world: World, command: InterfaceCommand, drawing: Drawing): InterfaceStep {
  switch (command.action) {
    case "CreateNetworkInterface":
      return create(world, command.request, drawing);
    case "AttachNetworkInterface":
      return attach(world, command.request, drawing);
    case "ModifyNetworkInterfaceAttribute":
      return modify(world, command.request);
    case "DetachNetworkInterface":
      return detach(world, command.request);
    case "DeleteNetworkInterface":
      return remove(world, command.request);
  }
}

/** The interface that an earlier call with the same token and parameters created. */
export function createdBefore(
  world: World,
  request: Ec2Requests["CreateNetworkInterface"],
): FakeInterface | "other parameters" | undefined {
  const earlier = request.clientToken === undefined ? undefined : world.creations.get(request.clientToken);
  if (earlier === undefined) return undefined;
  return earlier.request === parametersOf(request)
    ? world.interfaces.get(earlier.networkInterfaceId)
    : "other parameters";
}

export function attachedAs(world: World, attachmentId: string): FakeInterface | undefined {
  return [...world.interfaces.values()].find(({ attachment }) => attachment?.attachmentId === attachmentId);
}

function create(world: World, request: Ec2Requests["CreateNetworkInterface"], drawing: Drawing): InterfaceStep {
  const action = "CreateNetworkInterface";
  const earlier = createdBefore(world, request);
  if (typeof earlier === "object") return { answer: { action, answer: earlier } };
  const own = newInterface(world, request, drawing);
  world.interfaces.set(own.networkInterfaceId, own);
  const { networkInterfaceId } = own;
  if (request.clientToken !== undefined) {
    world.creations.set(request.clientToken, { networkInterfaceId, request: parametersOf(request) });
  }
  return { answer: { action, answer: own }, change: { kind: "created", networkInterfaceId, ...heldBy(own) } };
}

function newInterface(
  world: World,
  request: Ec2Requests["CreateNetworkInterface"],
  { random, atMost }: Drawing,
): FakeInterface {
  const { vpcId, subnetId, availabilityZone } = world.subnets.get(request.subnetId) as FakeSubnet;
  const ipv4 = spaceOf(world, subnetId, 4);
  const privateIpAddress = networkAddress(ipv4?.take(32) as Cidr);
  const held4 = take(ipv4, 4, {
    addresses: Math.min(request.secondaryPrivateIpAddressCount ?? 0, atMost),
    prefixes: Math.min(request.ipv4PrefixCount ?? 0, atMost),
  });
  const held6 = take(spaceOf(world, subnetId, 6), 6, {
    addresses: Math.min(request.ipv6AddressCount ?? 0, atMost),
    prefixes: Math.min(request.ipv6PrefixCount ?? 0, atMost),
  });
  const defaultGroups = world.vpcs.get(vpcId)?.securityGroupIds.slice(0, 1) ?? [];
  return {
    networkInterfaceId: `eni-${random.hex(17)}`,
    macAddress: drawMac(random),
    vpcId,
    subnetId,
    availabilityZone,
    description: request.description ?? "",
    securityGroupIds: request.securityGroupIds ?? defaultGroups,
    privateIpAddress,
    secondaryAddresses: held4.addresses,
    ipv4Prefixes: held4.prefixes,
    ipv6Addresses: held6.addresses,
    ipv6Prefixes: held6.prefixes,
    tags: Object.fromEntries((request.tagSpecifications ?? []).flatMap(({ tags }) => Object.entries(tags))),
  };
}

function parametersOf(request: Ec2Requests["CreateNetworkInterface"]): string {
  return JSON.stringify({ ...request, clientToken: undefined, dryRun: undefined });
}

function attach(
  world: World,
  { networkInterfaceId, instanceId, deviceIndex }: Ec2Requests["AttachNetworkInterface"],
  { random }: Drawing,
): InterfaceStep {
  const own = world.interfaces.get(networkInterfaceId) as FakeInterface;
  const attachmentId = `eni-attach-${random.hex(17)}`;
  const attachment: FakeAttachment = { attachmentId, instanceId, deviceIndex, deleteOnTermination: false };
  world.interfaces.set(networkInterfaceId, { ...own, attachment });
  return {
    answer: { action: "AttachNetworkInterface", answer: attachment },
    change: { kind: "attached", networkInterfaceId, addresses: [] },
  };
}

function modify(
  world: World,
  { networkInterfaceId, deleteOnTermination }: Ec2Requests["ModifyNetworkInterfaceAttribute"],
): InterfaceStep {
  const own = world.interfaces.get(networkInterfaceId) as FakeInterface;
  const attachment = { ...(own.attachment as FakeAttachment), deleteOnTermination };
  world.interfaces.set(networkInterfaceId, { ...own, attachment });
  return {
    answer: { action: "ModifyNetworkInterfaceAttribute", answer: { networkInterfaceId } },
    change: { kind: "modified", networkInterfaceId, addresses: [] },
  };
}

function detach(world: World, { attachmentId }: Ec2Requests["DetachNetworkInterface"]): InterfaceStep {
  const { attachment: _, ...own } = attachedAs(world, attachmentId) as FakeInterface;
  const { networkInterfaceId } = own;
  world.interfaces.set(networkInterfaceId, own);
  return {
    answer: { action: "DetachNetworkInterface", answer: { networkInterfaceId } },
    change: { kind: "detached", networkInterfaceId, addresses: [] },
  };
}

function remove(world: World, { networkInterfaceId }: Ec2Requests["DeleteNetworkInterface"]): InterfaceStep {
  const own = world.interfaces.get(networkInterfaceId) as FakeInterface;
  for (const cidr of cidrsOf(own)) spaceOf(world, own.subnetId, cidrFamily(cidr))?.release(cidr);
  world.interfaces.delete(networkInterfaceId);
  return {
    answer: { action: "DeleteNetworkInterface", answer: { networkInterfaceId } },
    change: { kind: "deleted", networkInterfaceId, ...heldBy(own) },
  };
}

/** What it has beside its own address. */
function heldBy(own: FakeInterface): Pick<CloudChange, "addresses" | "prefixes"> {
  const addresses = [...own.secondaryAddresses, ...own.ipv6Addresses];
  const prefixes = [...own.ipv4Prefixes, ...own.ipv6Prefixes];
  return { addresses, ...(prefixes.length === 0 ? {} : { prefixes }) };
}
