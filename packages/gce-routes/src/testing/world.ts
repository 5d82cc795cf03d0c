import {
  type Address,
  addressAt,
  addressBytes,
  type Cidr,
  containsAddress,
  hostCidr,
  type MacAddress,
  macFromBytes,
  networkAddress,
  overlaps,
} from "@podwire/core";
import { AddressSpace, type SeededRandom, subnetSpace } from "@podwire/testkit";
import type { AliasIpRange, OperationError, SecondaryRange } from "../api.ts";
import type { ChangeAction } from "./requests.ts";
import { invalidScenario, type Scenario } from "./scenario.ts";

export interface FakeInterface {
  readonly name: string;
  readonly network: string;
  readonly subnetwork: string;
  readonly networkIP: Address;
  readonly macAddress: MacAddress;
  readonly fingerprint: string;
  readonly aliasIpRanges: readonly AliasIpRange[];
}

export interface FakeInstance {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly machineType: string;
  readonly canIpForward: boolean;
  readonly networkInterfaces: readonly FakeInterface[];
}

export interface FakeSubnetwork {
  readonly name: string;
  readonly network: string;
  readonly region: string;
  readonly ipCidrRange: Cidr;
  readonly gatewayAddress: Address;
  readonly secondaryIpRanges: readonly SecondaryRange[];
}

export interface FakeNetwork {
  readonly name: string;
  readonly mtu: number;
  readonly staticRoutesPerNetwork: number;
}

export interface FakeRoute {
  readonly name: string;
  readonly description: string;
  /** URL, as for the next hops. */
  readonly network: string;
  readonly destRange: string;
  readonly priority: number;
  readonly nextHopInstance?: string;
  readonly nextHopGateway?: string;
  readonly nextHopIp?: string;
}

export interface FakeOperation {
  readonly name: string;
  readonly id: string;
  /** `global`, or the name of a zone. */
  readonly scope: string;
  readonly action: ChangeAction;
  readonly targetLink: string;
  readonly done: boolean;
  readonly error?: OperationError;
}

/** Everything that stands, and what is under way. Names are keys. */
export interface World {
  readonly project: string;
  readonly projectNumber: string;
  readonly networks: Map<string, FakeNetwork>;
  readonly subnetworks: Map<string, FakeSubnetwork>;
  readonly instances: Map<string, FakeInstance>;
  readonly routes: Map<string, FakeRoute>;
  readonly operations: Map<string, FakeOperation>;
  /** Of each range of each subnetwork. */
  readonly spaces: Map<string, AddressSpace>;
}

const apiRoot = "https://www.googleapis.com/compute/v1";

export function urlOf({ project }: Pick<World, "project">, path: string): string {
  return `${apiRoot}/projects/${project}/${path}`;
}

/** @param rangeName absent = the primary range */
export function spaceOf(world: World, subnetwork: string, rangeName: string | undefined): AddressSpace | undefined {
  return world.spaces.get(`${subnetwork}/${rangeName ?? ""}`);
}

export function newFingerprint(random: SeededRandom): string {
  return `${random.hex(11)}=`;
}

/** @throws INVALID_DAEMON_CONFIG when the scenario cannot be */
export function buildWorld(scenario: Scenario, random: SeededRandom): World {
  const { project, projectNumber } = scenario;
  const world: World = {
    project,
    projectNumber,
    networks: new Map(scenario.networks.map((network) => [network.name, network])),
    subnetworks: new Map(),
    instances: new Map(),
    routes: new Map(),
    operations: new Map(),
    spaces: new Map(),
  };
  for (const subnetwork of scenario.subnetworks) addSubnetwork(world, subnetwork);
  for (const instance of scenario.instances) launch(world, instance, random);
  for (const route of scenario.routes) addRoute(world, route);
  return world;
}

function addSubnetwork(world: World, scenario: Scenario["subnetworks"][number]): void {
  const { name, network, ipCidrRange, secondaryIpRanges } = scenario;
  if (!world.networks.has(network)) throw invalidScenario(`subnetwork ${name} is in network ${network}, which is not`);
  const own = [ipCidrRange, ...secondaryIpRanges.map((range) => range.ipCidrRange)];
  for (const other of world.subnetworks.values()) {
    const ranges = [other.ipCidrRange, ...other.secondaryIpRanges.map((range) => range.ipCidrRange as Cidr)];
    if (other.network === network && own.some((cidr) => ranges.some((range) => overlaps(cidr, range)))) {
      throw invalidScenario(`subnetworks ${name} and ${other.name} overlap`);
    }
  }
  world.subnetworks.set(name, { ...scenario, gatewayAddress: addressAt(ipCidrRange, 1n) });
  // Two addresses at each end of the primary range: https://cloud.google.com/vpc/docs/subnets#unusable-ip-addresses
  world.spaces.set(`${name}/`, subnetSpace(ipCidrRange, 2, 2));
  for (const range of secondaryIpRanges) {
    world.spaces.set(`${name}/${range.rangeName}`, new AddressSpace(range.ipCidrRange));
  }
}

function launch(world: World, scenario: Scenario["instances"][number], random: SeededRandom): void {
  const { networkInterfaces, ...instance } = scenario;
  const interfaces = networkInterfaces.map((own, index): FakeInterface => {
    const subnetwork = world.subnetworks.get(own.subnetwork);
    if (subnetwork === undefined) throw invalidScenario(`subnetwork ${own.subnetwork} of ${instance.name} is not`);
    const networkIP = claimAddress(world, subnetwork, own.networkIP);
    const aliasIpRanges = own.aliasIpRanges.map(({ ipCidrRange, subnetworkRangeName }): AliasIpRange => {
      const range = subnetworkRangeName === undefined ? {} : { subnetworkRangeName };
      return { ipCidrRange, ...range };
    });
    for (const range of aliasIpRanges) {
      const space = spaceOf(world, own.subnetwork, range.subnetworkRangeName);
      if (space?.claim(range.ipCidrRange as Cidr) !== true) throw invalidScenario(`${range.ipCidrRange} is not free`);
    }
    return {
      name: `nic${index}`,
      network: subnetwork.network,
      subnetwork: subnetwork.name,
      networkIP,
      macAddress: macFromBytes(Uint8Array.of(0x42, 0x01, ...addressBytes(networkIP))),
      fingerprint: newFingerprint(random),
      aliasIpRanges,
    };
  });
  if (new Set(interfaces.map(({ network }) => network)).size < interfaces.length) {
    throw invalidScenario(`${instance.name} has two interfaces in one network`);
  }
  const id = `4${BigInt(`0x${random.hex(15)}`)}`;
  world.instances.set(instance.name, { ...instance, id, networkInterfaces: interfaces });
}

function claimAddress(world: World, { name }: FakeSubnetwork, wanted: Address | undefined): Address {
  const space = spaceOf(world, name, undefined) as AddressSpace;
  if (wanted === undefined) {
    const taken = space.take(32);
    if (taken === undefined) throw invalidScenario(`subnetwork ${name} is full`);
    return networkAddress(taken);
  }
  if (!containsAddress(space.cidr, wanted) || !space.claim(hostCidr(wanted))) {
    throw invalidScenario(`${wanted} is not free in subnetwork ${name}`);
  }
  return wanted;
}

function addRoute(world: World, scenario: Scenario["routes"][number]): void {
  const { network, nextHopInstance, nextHopGateway, ...route } = scenario;
  world.routes.set(route.name, {
    ...route,
    network: urlOf(world, `global/networks/${network}`),
    ...(nextHopInstance === undefined ? {} : { nextHopInstance: urlOf(world, nextHopInstance) }),
    ...(nextHopGateway === undefined ? {} : { nextHopGateway: urlOf(world, nextHopGateway) }),
  });
}
