import {
  type Address,
  type Cidr,
  containsCidr,
  hostCidr,
  type MacAddress,
  networkAddress,
  overlaps,
  parseMac,
  prefixLength,
} from "@podwire/core";
import { AddressSpace, reserveEnds, type SeededRandom } from "@podwire/testkit";
import type { InstanceTypeInfo } from "../api.ts";
import { knownInstanceTypes } from "./instance-types.ts";
import {
  invalidScenario,
  type Scenario,
  type ScenarioInstance,
  type ScenarioInterface,
  type ScenarioSubnet,
} from "./scenario.ts";

export interface FakeVpc {
  readonly vpcId: string;
  readonly cidrBlocks: readonly Cidr[];
  /** The first is the default one. */
  readonly securityGroupIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface FakeSubnet {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
  readonly cidrBlock: Cidr;
  readonly tags: Readonly<Record<string, string>>;
}

export interface FakeInstance {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly subnetId: string;
}

export interface FakeAttachment {
  readonly attachmentId: string;
  readonly instanceId: string;
  readonly deviceIndex: number;
  readonly deleteOnTermination: boolean;
}

/** An elastic network interface, all of it plain data. */
export interface FakeInterface {
  readonly networkInterfaceId: string;
  readonly macAddress: MacAddress;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly availabilityZone: string;
  /** Absent when no instance holds it. */
  readonly attachment?: FakeAttachment;
  readonly description: string;
  readonly securityGroupIds: readonly string[];
  readonly privateIpAddress: Address;
  /** In the order in which they were assigned. */
  readonly secondaryAddresses: readonly Address[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Everything that stands in the cloud, at one time. */
export interface CloudState {
  readonly region: string;
  readonly accountId: string;
  readonly vpcs: readonly FakeVpc[];
  readonly subnets: readonly FakeSubnet[];
  readonly instances: readonly FakeInstance[];
  readonly interfaces: readonly FakeInterface[];
}

/** What the model works on: the state by id, and which addresses of each subnet are taken. */
export interface World {
  readonly region: string;
  readonly accountId: string;
  readonly vpcs: ReadonlyMap<string, FakeVpc>;
  readonly subnets: ReadonlyMap<string, FakeSubnet>;
  readonly instanceTypes: ReadonlyMap<string, InstanceTypeInfo>;
  readonly instances: Map<string, FakeInstance>;
  readonly interfaces: Map<string, FakeInterface>;
  /** What was created by a call with the token, and that call. */
  readonly creations: Map<string, { readonly networkInterfaceId: string; readonly request: string }>;
  /** By subnet id. */
  readonly spaces: ReadonlyMap<string, AddressSpace>;
}

/** @throws INVALID_DAEMON_CONFIG for what cannot stand */
export function buildWorld(scenario: Scenario, random: SeededRandom): World {
  const vpcs = new Map(scenario.vpcs.map((vpc) => [vpc.vpcId, withSecurityGroups(vpc)]));
  const types = [...knownInstanceTypes, ...scenario.instanceTypes];
  for (const subnet of scenario.subnets) mustBeInVpc(subnet, vpcs.get(subnet.vpcId));
  mustNotOverlap(scenario.subnets);
  const world: World = {
    region: scenario.region,
    accountId: scenario.accountId,
    vpcs,
    subnets: new Map(scenario.subnets.map(({ occupied: _, ...subnet }) => [subnet.subnetId, subnet])),
    instanceTypes: new Map(types.map((type) => [type.instanceType, type])),
    instances: new Map(),
    interfaces: new Map(),
    creations: new Map(),
    spaces: new Map(scenario.subnets.map((subnet) => [subnet.subnetId, spaceOf(subnet)])),
  };
  for (const instance of scenario.instances) launch(world, instance, random);
  for (const spec of scenario.networkInterfaces) {
    const own = newInterface(world, spec.subnetId, { random, spec });
    world.interfaces.set(own.networkInterfaceId, own);
  }
  return world;
}

function withSecurityGroups({ securityGroupIds, ...vpc }: Scenario["vpcs"][number]): FakeVpc {
  return { ...vpc, securityGroupIds: securityGroupIds ?? [vpc.vpcId.replace("vpc-", "sg-")] };
}

/** Four addresses and the last are AWS's: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
function spaceOf(subnet: ScenarioSubnet): AddressSpace {
  const space = new AddressSpace(subnet.cidrBlock);
  for (const cidr of subnet.occupied) {
    if (!space.claim(cidr)) throw invalidScenario(`${cidr} cannot be occupied in ${subnet.subnetId}`);
  }
  reserveEnds(space, 4, 1);
  return space;
}

function mustBeInVpc(subnet: ScenarioSubnet, vpc: FakeVpc | undefined): void {
  const length = prefixLength(subnet.cidrBlock);
  if (length < 16 || length > 28) throw invalidScenario(`${subnet.subnetId} is /${length}, not /16 to /28`);
  if (vpc?.cidrBlocks.some((block) => containsCidr(block, subnet.cidrBlock))) return;
  throw invalidScenario(`${subnet.subnetId} (${subnet.cidrBlock}) is in no block of VPC ${subnet.vpcId}`);
}

function mustNotOverlap(subnets: Scenario["subnets"]): void {
  for (const [index, subnet] of subnets.entries()) {
    const other = subnets
      .slice(0, index)
      .find((earlier) => earlier.vpcId === subnet.vpcId && overlaps(earlier.cidrBlock, subnet.cidrBlock));
    if (other !== undefined) throw invalidScenario(`${other.subnetId} and ${subnet.subnetId} overlap`);
  }
}

function launch(world: World, spec: ScenarioInstance, random: SeededRandom): void {
  const limits = world.instanceTypes.get(spec.instanceType);
  const instanceId = spec.instanceId ?? `i-${random.hex(17)}`;
  if (limits === undefined) throw invalidScenario(`${instanceId} has the unknown type ${spec.instanceType}`);
  if (world.instances.has(instanceId)) throw invalidScenario(`${instanceId} is there twice`);
  if (spec.networkInterfaces.length > limits.maximumNetworkInterfaces) {
    throw invalidScenario(`${instanceId} has more interfaces than a ${spec.instanceType} can hold`);
  }
  const indexes = spec.networkInterfaces.map((own, index) => own.deviceIndex ?? index);
  if (new Set(indexes).size < indexes.length || !indexes.includes(0)) {
    throw invalidScenario(`the device indexes of ${instanceId} are not distinct with one 0 among them`);
  }
  const instance: FakeInstance = { instanceId, instanceType: spec.instanceType, subnetId: spec.subnetId };
  world.instances.set(instanceId, instance);
  spec.networkInterfaces.forEach((own, index) => {
    attachNew(world, instance, { random, deviceIndex: indexes[index] ?? 0, spec: own });
  });
}

function attachNew(
  world: World,
  { instanceId, instanceType, subnetId }: FakeInstance,
  { deviceIndex, ...drawing }: NewInterface & { readonly deviceIndex: number },
): void {
  const own = newInterface(world, subnetId, drawing);
  const limit = world.instanceTypes.get(instanceType)?.ipv4AddressesPerInterface ?? 0;
  const { networkInterfaceId: id } = own;
  if (own.secondaryAddresses.length >= limit) throw invalidScenario(`${id} has more addresses than its type allows`);
  const attachmentId = id.replace("eni-", "eni-attach-");
  const attachment = { attachmentId, instanceId, deviceIndex, deleteOnTermination: deviceIndex === 0 };
  world.interfaces.set(id, { ...own, attachment });
}

interface NewInterface {
  readonly random: SeededRandom;
  readonly spec: Omit<ScenarioInterface, "deviceIndex">;
}

function newInterface(world: World, subnetId: string, { random, spec }: NewInterface): FakeInterface {
  const id = spec.networkInterfaceId ?? `eni-${random.hex(17)}`;
  const subnet = world.subnets.get(spec.subnetId ?? subnetId);
  if (subnet === undefined) throw invalidScenario(`${id} is in an unknown subnet`);
  if (world.interfaces.has(id)) throw invalidScenario(`${id} is there twice`);
  return {
    networkInterfaceId: id,
    macAddress: spec.macAddress ?? drawMac(random),
    vpcId: subnet.vpcId,
    subnetId: subnet.subnetId,
    availabilityZone: subnet.availabilityZone,
    description: spec.description,
    securityGroupIds: spec.securityGroupIds ?? world.vpcs.get(subnet.vpcId)?.securityGroupIds.slice(0, 1) ?? [],
    privateIpAddress: takeAddress(world, subnet.subnetId, spec.privateIpAddress),
    secondaryAddresses: Array.from({ length: spec.secondaryPrivateIpAddressCount }, () =>
      takeAddress(world, subnet.subnetId),
    ),
    tags: spec.tags,
  };
}

export function drawMac(random: SeededRandom): MacAddress {
  return parseMac(`02${random.hex(10).replace(/../g, ":$&")}`);
}

/** Whether the interface is on the instance. */
export function isHeldBy({ attachment }: FakeInterface, instanceId: string): boolean {
  return attachment?.instanceId === instanceId;
}

export function isPrimary({ attachment }: FakeInterface): boolean {
  return attachment?.deviceIndex === 0;
}

function takeAddress(world: World, subnetId: string, wanted?: Address): Address {
  const space = world.spaces.get(subnetId) as AddressSpace;
  if (wanted === undefined) {
    const taken = space.take(32);
    if (taken !== undefined) return networkAddress(taken);
  } else if (space.claim(hostCidr(wanted))) return wanted;
  throw invalidScenario(`${wanted ?? "any address"} is not free in ${subnetId}`);
}
