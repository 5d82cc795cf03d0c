import { cidrFamily, hostCidr, PodwireError, parseAddress } from "@podwire/core";
import { AddressSpace, reserveEnds, type SeededRandom } from "@podwire/testkit";
import type { NetworkInterface, RouteTable, VirtualMachine, VirtualNetwork } from "../api.ts";
import { idKey, networkIdOf } from "../resource-id.ts";
import type { Scenario, ScenarioInterface } from "./scenario.ts";

/** A machine, with what the metadata tell of it. */
export type FakeMachine = VirtualMachine & {
  readonly name: string;
  readonly location: string;
  readonly zones: readonly string[];
  readonly properties: { readonly vmId: string; readonly hardwareProfile: { readonly vmSize: string } };
};

/** A write that goes on. */
export interface FakeOperation {
  readonly id: string;
  readonly targetId: string;
  readonly endsAtMs: number;
  /** It ends in this error. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Everything that stands, by `idKey`. */
export interface World {
  readonly scenario: Scenario;
  readonly networks: Map<string, VirtualNetwork>;
  readonly interfaces: Map<string, NetworkInterface>;
  readonly machines: Map<string, FakeMachine>;
  readonly routeTables: Map<string, RouteTable>;
  /** What is free of each subnet's IPv4 range. */
  readonly spaces: Map<string, AddressSpace>;
  readonly operations: Map<string, FakeOperation>;
}

/** @throws INVALID_DAEMON_CONFIG when an interface is in a subnet that does not exist, or has no room there */
export function buildWorld(scenario: Scenario, random: SeededRandom): World {
  const world: World = {
    scenario,
    networks: new Map(),
    interfaces: new Map(),
    machines: new Map(),
    routeTables: new Map(),
    spaces: new Map(),
    operations: new Map(),
  };
  for (const network of scenario.virtualNetworks) addNetwork(world, network, random);
  for (const table of scenario.routeTables) addRouteTable(world, table, random);
  for (const machine of scenario.virtualMachines) addMachine(world, machine, random);
  return world;
}

export function resourceIdIn({ scenario }: Pick<World, "scenario">, type: string, name: string): string {
  const { subscriptionId, resourceGroup } = scenario;
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${type}/${name}`;
}

export function newEtag(random: SeededRandom): string {
  return `W/"${uuidOf(random)}"`;
}

export function uuidOf(random: SeededRandom): string {
  const hex = random.hex(32);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function addNetwork(world: World, network: Scenario["virtualNetworks"][number], random: SeededRandom): void {
  const id = resourceIdIn(world, "Microsoft.Network/virtualNetworks", network.name);
  const subnets = network.subnets.map(({ name, addressPrefixes, routeTable }) => ({
    id: `${id}/subnets/${name}`,
    name,
    etag: newEtag(random),
    properties: {
      provisioningState: "Succeeded",
      ...(addressPrefixes.length === 1 ? { addressPrefix: addressPrefixes[0] as string } : { addressPrefixes }),
      ...(routeTable === undefined
        ? {}
        : { routeTable: { id: resourceIdIn(world, "Microsoft.Network/routeTables", routeTable) } }),
    },
  }));
  for (const [index, { addressPrefixes }] of network.subnets.entries()) {
    const ipv4 = addressPrefixes.find((cidr) => cidrFamily(cidr) === 4);
    if (ipv4 === undefined) throw impossible(`subnet ${subnets[index]?.name} has no IPv4 range`);
    const space = new AddressSpace(ipv4);
    // https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq: five addresses are Azure's own.
    reserveEnds(space, 4, 1);
    world.spaces.set(idKey(subnets[index]?.id ?? ""), space);
  }
  const { location } = world.scenario;
  world.networks.set(idKey(id), {
    id,
    name: network.name,
    location,
    etag: newEtag(random),
    properties: {
      provisioningState: "Succeeded",
      addressSpace: { addressPrefixes: network.addressPrefixes },
      subnets,
    },
  });
}

function addRouteTable(world: World, { name, routes }: Scenario["routeTables"][number], random: SeededRandom): void {
  const id = resourceIdIn(world, "Microsoft.Network/routeTables", name);
  world.routeTables.set(idKey(id), {
    id,
    name,
    location: world.scenario.location,
    etag: newEtag(random),
    properties: {
      provisioningState: "Succeeded",
      ...associationsOf(world, id),
      routes: routes.map(({ name: routeName, nextHopIpAddress, ...rest }) => ({
        name: routeName,
        id: `${id}/routes/${routeName}`,
        etag: newEtag(random),
        properties: {
          provisioningState: "Succeeded",
          ...rest,
          ...(nextHopIpAddress === undefined ? {} : { nextHopIpAddress }),
        },
      })),
    },
  });
}

function associationsOf({ networks }: World, tableId: string) {
  const all = [...networks.values()].flatMap(({ properties }) => properties.subnets);
  const subnets = all.filter(({ properties }) => properties.routeTable?.id === tableId).map(({ id }) => ({ id }));
  return subnets.length === 0 ? {} : { subnets };
}

function addMachine(world: World, machine: Scenario["virtualMachines"][number], random: SeededRandom): void {
  const id = resourceIdIn(world, "Microsoft.Compute/virtualMachines", machine.name);
  const interfaces = machine.networkInterfaces.map((own, index) =>
    interfaceOf(world, own, { machineId: id, isPrimary: index === 0, random }),
  );
  for (const own of interfaces) world.interfaces.set(idKey(own.id), own);
  world.machines.set(idKey(id), {
    id,
    name: machine.name,
    location: world.scenario.location,
    zones: machine.zone === "" ? [] : [machine.zone],
    properties: {
      vmId: uuidOf(random),
      hardwareProfile: { vmSize: machine.vmSize },
      networkProfile: {
        networkInterfaces: interfaces.map((own, index) => ({ id: own.id, properties: { primary: index === 0 } })),
      },
    },
  });
}

interface InterfaceOrigin {
  readonly machineId: string;
  readonly isPrimary: boolean;
  readonly random: SeededRandom;
}

function interfaceOf(world: World, own: ScenarioInterface, origin: InterfaceOrigin): NetworkInterface {
  const { machineId, isPrimary, random } = origin;
  const id = resourceIdIn(world, "Microsoft.Network/networkInterfaces", own.name);
  const [network = "", subnet = ""] = own.subnet.split("/");
  const subnetId = `${resourceIdIn(world, "Microsoft.Network/virtualNetworks", network)}/subnets/${subnet}`;
  if (!world.networks.has(idKey(networkIdOf(subnetId)))) throw impossible(`${own.name} is in no network`);
  const configurations = own.ipConfigurations ?? [{ name: "primary", properties: {} }];
  return {
    id,
    name: own.name,
    location: world.scenario.location,
    etag: newEtag(random),
    tags: own.tags,
    properties: {
      provisioningState: "Succeeded",
      macAddress: (own.macAddress ?? macOf(random)).replaceAll(":", "-").toUpperCase(),
      enableIPForwarding: own.enableIPForwarding,
      virtualMachine: { id: machineId },
      ...{ primary: isPrimary, nicType: "Standard", ...own.properties },
      ipConfigurations: configurations.map((configuration, index) => ({
        name: configuration.name,
        id: `${id}/ipConfigurations/${configuration.name}`,
        etag: newEtag(random),
        properties: {
          provisioningState: "Succeeded",
          privateIPAddress: claimAddress(world, subnetId, configuration),
          privateIPAllocationMethod: "Dynamic" as const,
          privateIPAddressVersion: "IPv4" as const,
          primary: index === 0,
          subnet: { id: subnetId },
          ...configuration.properties,
        },
      })),
    },
  };
}

function claimAddress(
  { spaces }: World,
  subnetId: string,
  configuration: { readonly name: string; readonly privateIPAddress?: string | undefined },
) {
  const space = spaces.get(idKey(subnetId));
  const wanted = configuration.privateIPAddress;
  const cidr = wanted === undefined ? space?.take(32) : hostCidr(parseAddress(wanted));
  if (cidr !== undefined && (wanted === undefined || space?.claim(cidr))) return cidr.replace(/\/\d+$/, "");
  throw impossible(`configuration ${configuration.name} finds no address in ${subnetId}`);
}

function macOf(random: SeededRandom): string {
  return `60:45:bd:${random.hex(2)}:${random.hex(2)}:${random.hex(2)}`;
}

function impossible(why: string): PodwireError {
  return new PodwireError("INVALID_DAEMON_CONFIG", `the scenario cannot be: ${why}`);
}
