import {
  type Address,
  type Cidr,
  containsCidr,
  type Family,
  families,
  hostCidr,
  type MacAddress,
  networkAddress,
  overlaps,
  parseMac,
  prefixLength,
} from "@podwire/core";
import { AddressSpace, reserveEnds, type SeededRandom } from "@podwire/testkit";
import type { InstanceTypeInfo } from "../api.ts";
import { canHoldPrefixes, heldOf, prefixLengths, slotLimit, slotsOf, spaceOf, take } from "./held.ts";
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
  readonly ipv6CidrBlocks: readonly Cidr[];
  /** The first is the default one. */
  readonly securityGroupIds: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface FakeSubnet {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
  readonly cidrBlock: Cidr;
  /** Absent when the subnet has no IPv6. */
  readonly ipv6CidrBlock?: Cidr | undefined;
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
  readonly ipv4Prefixes: readonly Cidr[];
  /** The first is the interface's own. */
  readonly ipv6Addresses: readonly Address[];
  readonly ipv6Prefixes: readonly Cidr[];
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
  readonly spaces: ReadonlyMap<string, Readonly<Partial<Record<Family, AddressSpace>>>>;
}

/** @throws INVALID_DAEMON_CONFIG for what cannot stand */
export function buildWorld(scenario: Scenario, random: SeededRandom): World {
  const vpcs = new Map(scenario.vpcs.map((vpc) => [vpc.vpcId, withSecurityGroups(vpc)]));
  const types = [...knownInstanceTypes, ...scenario.instanceTypes.map(instanceTypeOf)];
  for (const subnet of scenario.subnets) mustBeInVpc(subnet, vpcs.get(subnet.vpcId));
  mustNotOverlap(scenario.subnets);
  const world: World = {
    region: scenario.region,
    accountId: scenario.accountId,
    vpcs,
    subnets: new Map(scenario.subnets.map(({ occupied: _, fragmented: __, ...subnet }) => [subnet.subnetId, subnet])),
    instanceTypes: new Map(types.map((type) => [type.instanceType, type])),
    instances: new Map(),
    interfaces: new Map(),
    creations: new Map(),
    spaces: new Map(scenario.subnets.map((subnet) => [subnet.subnetId, spacesOf(subnet)])),
  };
  for (const instance of scenario.instances) launch(world, instance, random);
  for (const spec of scenario.networkInterfaces) {
    const own = newInterface(world, spec.subnetId, { random, spec });
    world.interfaces.set(own.networkInterfaceId, own);
  }
  // Last, so that what the scenario gives to instances is there in any case.
  for (const { subnetId, fragmented } of scenario.subnets) {
    if (fragmented) spaceOf(world, subnetId, 4)?.fragment(prefixLengths[4]);
  }
  return world;
}

function instanceTypeOf({ bareMetal, hypervisor, ...type }: Scenario["instanceTypes"][number]): InstanceTypeInfo {
  return {
    ...type,
    ipv6AddressesPerInterface: type.ipv6AddressesPerInterface ?? type.ipv4AddressesPerInterface,
    bareMetal,
    ...(bareMetal ? {} : { hypervisor }),
  };
}

function withSecurityGroups({ securityGroupIds, ...vpc }: Scenario["vpcs"][number]): FakeVpc {
  return { ...vpc, securityGroupIds: securityGroupIds ?? [vpc.vpcId.replace("vpc-", "sg-")] };
}

/** Of each family four addresses and the last are AWS's: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
function spacesOf({ cidrBlock, ipv6CidrBlock, occupied, subnetId }: ScenarioSubnet) {
  const ipv4 = new AddressSpace(cidrBlock);
  for (const cidr of occupied) {
    if (!ipv4.claim(cidr)) throw invalidScenario(`${cidr} cannot be occupied in ${subnetId}`);
  }
  reserveEnds(ipv4, 4, 1);
  if (ipv6CidrBlock === undefined) return { 4: ipv4 };
  const ipv6 = new AddressSpace(ipv6CidrBlock);
  reserveEnds(ipv6, 4, 1);
  return { 4: ipv4, 6: ipv6 };
}

function mustBeInVpc(subnet: ScenarioSubnet, vpc: FakeVpc | undefined): void {
  const length = prefixLength(subnet.cidrBlock);
  if (length < 16 || length > 28) throw invalidScenario(`${subnet.subnetId} is /${length}, not /16 to /28`);
  const outside = [subnet.cidrBlock, ...(subnet.ipv6CidrBlock === undefined ? [] : [subnet.ipv6CidrBlock])].find(
    (cidr) => ![...(vpc?.cidrBlocks ?? []), ...(vpc?.ipv6CidrBlocks ?? [])].some((block) => containsCidr(block, cidr)),
  );
  if (outside === undefined) return;
  throw invalidScenario(`${subnet.subnetId} (${outside}) is in no block of VPC ${subnet.vpcId}`);
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
  { instanceId, subnetId }: FakeInstance,
  { deviceIndex, ...drawing }: NewInterface & { readonly deviceIndex: number },
): void {
  const own = newInterface(world, subnetId, drawing);
  const { networkInterfaceId: id } = own;
  for (const family of families) {
    if (slotsOf(own, family) > slotLimit(world, instanceId, family)) {
      throw invalidScenario(`${id} has more addresses of IPv${family} than its type allows`);
    }
    if (heldOf(own, family).prefixes.length > 0 && !canHoldPrefixes(world, instanceId)) {
      throw invalidScenario(`${id} has prefixes, which its type cannot hold`);
    }
  }
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
    ...heldFrom(world, subnet.subnetId, spec),
    tags: spec.tags,
  };
}

function heldFrom(world: World, subnetId: string, spec: NewInterface["spec"]) {
  const wanted4 = { addresses: spec.secondaryPrivateIpAddressCount, prefixes: spec.ipv4PrefixCount };
  const wanted6 = { addresses: spec.ipv6AddressCount, prefixes: spec.ipv6PrefixCount };
  const [held4, held6] = [take(spaceOf(world, subnetId, 4), 4, wanted4), take(spaceOf(world, subnetId, 6), 6, wanted6)];
  for (const [held, wanted] of [
    [held4, wanted4],
    [held6, wanted6],
  ] as const) {
    if (held.addresses.length === wanted.addresses && held.prefixes.length === wanted.prefixes) continue;
    throw invalidScenario(`any address is not free in ${subnetId}`);
  }
  return {
    secondaryAddresses: held4.addresses,
    ipv4Prefixes: held4.prefixes,
    ipv6Addresses: held6.addresses,
    ipv6Prefixes: held6.prefixes,
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
  const space = spaceOf(world, subnetId, 4);
  if (wanted === undefined) {
    const taken = space?.take(32);
    if (taken !== undefined) return networkAddress(taken);
  } else if (space?.claim(hostCidr(wanted))) return wanted;
  throw invalidScenario(`${wanted ?? "any address"} is not free in ${subnetId}`);
}
