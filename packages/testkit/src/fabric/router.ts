import {
  type Address,
  addressBits,
  addressFromBytes,
  type Cidr,
  cidrFamily,
  families,
  familyOf,
  hostCidr,
  type MacAddress,
  macBytes,
  PodwireError,
} from "@podwire/core";
import {
  type Addr,
  createVeth,
  deleteAddr,
  deleteLink,
  deleteRoute,
  type Netlink,
  type NetlinkRequest,
  openNetlink,
  openNetns,
  type Route,
  replaceAddr,
  replaceNeigh,
  replaceRoute,
  setLink,
} from "@podwire/linux";
import { type Delivery, type FabricInterface, primaryAddress, routerLinkName } from "./state.ts";
import { setSysctls } from "./sysctl.ts";

/** Every machine of the fabric has the same MTU, that of AWS's VPCs. */
const fabricMtuBytes = 9001;

/** A cable from the router to a machine. */
export interface Cable {
  /** Name of the router's end. */
  readonly linkName: string;
  readonly mac: MacAddress;
  /** Name of the machine's end. */
  readonly ifName: string;
  readonly gateways: readonly Address[];
  /** The machine's own addresses: the router never asks for their MAC. */
  readonly neighbours: readonly Address[];
}

/**
 * The kernel's side of the cloud's router: cables, routes, and permanent neighbours instead of questions by ARP, as a
 * cloud delivers by interface and not by what a machine claims.
 */
export interface Router {
  /** Loopback with the services' addresses, forwarding. The namespace may be this process's own. */
  start(services: readonly Address[]): Promise<void>;
  /** Takes the services' addresses away. */
  stop(services: readonly Address[]): Promise<void>;
  /** All or nothing. The machine's end appears down and without addresses, as EC2 plugs it. */
  plug(cable: Cable, netnsPath: string): Promise<void>;
  unplug(linkName: string): Promise<void>;
  /** The host routes of addresses that a cable's machine has itself. */
  route(cidr: Cidr, linkName: string, via?: Address): Promise<void>;
  startDeliveries(deliveries: readonly Delivery[]): Promise<void>;
  endDeliveries(deliveries: readonly Delivery[]): Promise<void>;
  close(): void;
}

export function openRouter(netnsPath: string): Router {
  const netlink = openNetlink({ netnsPath });
  const indexes = new Map<string, number>();
  const change = async (deliveries: readonly Delivery[], request: (route: Route) => NetlinkRequest) => {
    const routes = deliveries.map((each) => deliveryRoute(each, indexOf(indexes, routerLinkName(each.interface.id))));
    await netlink.apply(routes.map(request));
  };
  return {
    start: (services) => startRouter(netlink, netnsPath, services),
    async stop(services) {
      const ifIndex = await loopbackIndex(netlink);
      await netlink.apply(services.map((address) => deleteAddr(hostAddr(address, ifIndex))));
    },
    async plug(cable, machinePath) {
      indexes.set(cable.linkName, await plugCable(netlink, cable, machinePath));
    },
    async unplug(linkName) {
      await netlink.apply([deleteLink(linkName)]);
      indexes.delete(linkName);
    },
    async route(cidr, linkName, via) {
      await netlink.apply([replaceRoute(routeTo(cidr, indexOf(indexes, linkName), via))]);
    },
    startDeliveries: (deliveries) => change(deliveries, replaceRoute),
    endDeliveries: (deliveries) => change(deliveries, deleteRoute),
    close: netlink.close,
  };
}

/** The cable of an interface. */
export function interfaceCable(owner: FabricInterface): Cable {
  return {
    linkName: routerLinkName(owner.id),
    mac: owner.mac,
    ifName: owner.ifName,
    gateways: families.flatMap((family) => owner.gateways[family] ?? []),
    neighbours: [...owner.primaryAddresses, linkLocalAddress(owner.mac)],
  };
}

/** `net.ipv4` switches: the filter checks sources itself, and a cloud's router sends no redirects. */
async function startRouter(netlink: Netlink, netnsPath: string, services: readonly Address[]): Promise<void> {
  const perLink = ["all", "default"].flatMap((link) => [
    [`ipv4/conf/${link}/rp_filter`, 0],
    [`ipv4/conf/${link}/send_redirects`, 0],
    [`ipv6/conf/${link}/accept_ra`, 0],
  ]);
  setSysctls(netnsPath, {
    ...Object.fromEntries(perLink),
    "ipv4/ip_forward": 1,
    "ipv6/conf/all/forwarding": 1,
  });
  await netlink.apply([setLink("lo", { up: true })]);
  const ifIndex = await loopbackIndex(netlink);
  await netlink.apply(services.map((address) => replaceAddr(hostAddr(address, ifIndex), { noDad: true })));
}

async function loopbackIndex(netlink: Netlink): Promise<number> {
  return (await netlink.link("lo"))?.index ?? 1;
}

async function plugCable(netlink: Netlink, cable: Cable, machinePath: string): Promise<number> {
  const machine = openNetns(machinePath);
  const { linkName, ifName, mac } = cable;
  try {
    const peer = { name: ifName, mac, netnsFd: machine.fd };
    await netlink.apply([createVeth({ name: linkName, mtuBytes: fabricMtuBytes, peer })]);
  } finally {
    machine.close();
  }
  try {
    const index = (await netlink.link(linkName))?.index ?? 0;
    await netlink.apply([
      setLink(index, { alias: `fabric end of ${ifName}`, up: true }),
      ...cable.gateways.map((address) => replaceAddr(hostAddr(address, index), { noDad: true })),
      ...cable.neighbours.map((address) => replaceNeigh({ ifIndex: index, address, mac })),
    ]);
    return index;
  } catch (error) {
    await netlink.apply([deleteLink(linkName)]);
    throw error;
  }
}

function deliveryRoute({ cidr, interface: owner }: Delivery, ifIndex: number): Route {
  const primary = primaryAddress(owner, 4);
  if (cidrFamily(cidr) === 6) return routeTo(cidr, ifIndex, linkLocalAddress(owner.mac));
  if (primary === undefined) throw new PodwireError("CLOUD_CONFLICT", `${owner.id} has no IPv4 address of its own`);
  return routeTo(cidr, ifIndex, cidr === hostCidr(primary) ? undefined : primary);
}

/** RTPROT_STATIC in the main table. */
function routeTo(destination: Cidr, ifIndex: number, gateway?: Address): Route {
  const route: Route = { table: 254, type: "unicast", protocol: 4, destination, ifIndex };
  return gateway === undefined ? route : { ...route, gateway, onlink: true };
}

function hostAddr(address: Address, ifIndex: number): Addr {
  return { address, ifIndex, prefixLength: addressBits(familyOf(address)), protocol: 0 };
}

function indexOf(indexes: ReadonlyMap<string, number>, linkName: string): number {
  const index = indexes.get(linkName);
  if (index === undefined) throw new PodwireError("INTERNAL", `the router has no link ${linkName}`);
  return index;
}

/**
 * A name for the interface on its cable: the next hop of everything that is delivered to its MAC. Whether the machine
 * has that address does not matter.
 */
function linkLocalAddress(mac: MacAddress): Address {
  return addressFromBytes(Uint8Array.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, ...macBytes(mac)]));
}
