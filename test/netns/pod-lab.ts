import {
  type Address,
  type AttachmentFacts,
  type AttachmentSpec,
  addressBits,
  type Cidr,
  containsAddress,
  type Egress,
  familyOf,
  type NodeNetwork,
  neverCancelled,
  parseAddress,
  parseCidr,
  parseMac,
} from "@podwire/core";
import { createLinuxHost, createNetns, deleteNetns, type LinuxHost, openNetlink, replaceAddr } from "@podwire/linux";
import {
  createFabric,
  createProbes,
  type Fabric,
  type FabricInterface,
  type FabricState,
  type OutsideHost,
  type Probe,
  type Probes,
  type Reachability,
} from "@podwire/testkit";

/** Names of namespaces, so that test files do not meet. */
const prefix = "podlab";
export const echoPort = 7007;
const timeoutMs = 2000;
const blockedMs = 700;

export const metadata = parseAddress("169.254.169.254");
const gateways = { 4: parseAddress("10.0.0.1"), 6: parseAddress("fe80::1") };
const subnetCidrs = [parseCidr("10.0.0.0/24"), parseCidr("2001:db8::/64")];
const vpcCidrs = [parseCidr("10.0.0.0/16")];

/** Of IPv4 a prefix on the node's first interface, single addresses on the second; and those of the neighbour. */
const blocks = {
  eth0: [parseCidr("10.0.1.0/28"), parseCidr("2001:db8:0:0:1::/80")],
  eth1: [parseCidr("10.0.2.5/32"), parseCidr("10.0.2.6/32"), parseCidr("2001:db8:0:0:2::/80")],
  peer: [parseCidr("10.0.3.0/28"), parseCidr("2001:db8:0:0:3::/80")],
} as const;

export const nodeAddresses = ["10.0.0.10", "2001:db8::10"].map((text) => parseAddress(text));
export const peerAddresses = ["10.0.0.20", "2001:db8::20"].map((text) => parseAddress(text));
/** A pod of the neighbour's. */
export const remotePodAddresses = ["10.0.3.7", "2001:db8:0:0:3::7"].map((text) => parseAddress(text));
export const outsideAddresses = ["198.51.100.9", "2001:db8:ff::9"].map((text) => parseAddress(text));

export const secondaryMac = parseMac("02:00:00:00:0a:01");
export const secondaryIfName = "ens6";
export const secondaryAddresses = ["10.0.0.11", "2001:db8::11"].map((text) => parseAddress(text));

const node = `${prefix}-node`;
const eth0: FabricInterface = {
  id: `${prefix}-eth0`,
  mac: parseMac("02:00:00:00:0a:00"),
  node,
  ifName: "eth0",
  gateways,
  subnetCidrs,
  primaryAddresses: nodeAddresses,
  blocks: blocks.eth0,
};
/** Known by its MAC address: its name says nothing. */
const eth1: FabricInterface = {
  ...eth0,
  id: `${prefix}-eth1`,
  mac: secondaryMac,
  ifName: secondaryIfName,
  primaryAddresses: secondaryAddresses,
  blocks: blocks.eth1,
};
const peer: FabricInterface = {
  ...eth0,
  id: `${prefix}-peer`,
  mac: parseMac("02:00:00:00:0b:00"),
  node: `${prefix}-peer`,
  primaryAddresses: peerAddresses,
  blocks: blocks.peer,
};
const outside: OutsideHost = {
  mac: parseMac("02:00:00:00:0f:00"),
  node: `${prefix}-outside`,
  ifName: "eth0",
  gateways: { 4: parseAddress("198.51.100.1"), 6: parseAddress("fe80::1") },
  subnetCidrs: [parseCidr("198.51.100.0/24"), parseCidr("2001:db8:ff::/64")],
  primaryAddresses: outsideAddresses,
};

const bare: FabricState = { nodes: [node, peer.node], interfaces: [eth0, peer], routes: [] };

export interface LabPod {
  readonly path: string;
  readonly spec: AttachmentSpec;
  readonly facts: AttachmentFacts;
  readonly addresses: readonly Address[];
  readonly probe: Probe;
}

/** A node of two interfaces in a VPC, with pods, a neighbour in the VPC and a host outside. */
export interface PodLab {
  readonly host: LinuxHost;
  readonly nodePath: string;
  readonly fabric: Fabric;
  readonly probes: { readonly node: Probe; readonly peer: Probe; readonly outside: Probe; readonly router: Probe };
  /** Attaches a pod with these addresses and starts a probe in it that answers there. */
  addPod(name: string, addresses: readonly string[]): Promise<LabPod>;
  /** What the operating system does at boot, by which the primary interface has its address and its default routes. */
  boot(): Promise<void>;
  /** What the cloud does with the secondary interface, which is plugged in from the start. */
  plugSecondary(plugged: boolean): Promise<void>;
  desired(egress?: Partial<Egress>): NodeNetwork;
  close(): Promise<void>;
}

export async function createPodLab(): Promise<PodLab> {
  const routerPath = `/run/netns/${prefix}-router`;
  const probes = createProbes();
  const pods: LabPod[] = [];
  createNetns(routerPath);
  const fabric = await createFabric({ routerNetnsPath: routerPath, services: [metadata], outside });
  await fabric.converge(bare);
  const boot = () => fabric.boot(eth0.id);
  await boot();
  await fabric.boot(peer.id);
  const plugSecondary = (plugged: boolean) =>
    fabric.converge(plugged ? { ...bare, interfaces: [eth0, eth1, peer] } : bare);
  await plugSecondary(true);
  const nodePath = fabric.netnsPath(node);
  await giveAddresses(fabric.netnsPath(peer.node), remotePodAddresses);
  const host = createLinuxHost({ hostNetnsPath: nodePath });
  const paths = [nodePath, fabric.netnsPath(peer.node), fabric.netnsPath(outside.node), routerPath];
  const [onNode, onPeer, onOutside, onRouter] = await Promise.all(paths.map(probes.start));
  if (!onNode || !onPeer || !onOutside || !onRouter) throw new Error("a probe is missing");
  await Promise.all([
    onNode.listen(nodeAddresses, echoPort),
    onPeer.listen([...peerAddresses, ...remotePodAddresses], echoPort),
    onOutside.listen(outsideAddresses, echoPort),
    onRouter.listen([metadata], echoPort),
  ]);
  return {
    host,
    nodePath,
    fabric,
    boot,
    plugSecondary,
    probes: { node: onNode, peer: onPeer, outside: onOutside, router: onRouter },
    desired: (egress = {}) => ({
      interfaces: [nodeInterface(eth0, 1), nodeInterface(eth1, 2)],
      vpcCidrs,
      egress: { nat: "node", excludedCidrs: [], podMetadataAccess: false, ...egress },
      attachments: pods,
    }),
    addPod: async (name, addresses) => {
      const pod = await attachPod(host, probes, { name, addresses: addresses.map((text) => parseAddress(text)) });
      pods.push(pod);
      return pod;
    },
    close: async () => {
      await probes.close();
      host.close();
      await fabric.close();
      for (const { path } of pods) deleteNetns(path);
      deleteNetns(routerPath);
    },
  };
}

/** On the loopback: the machine answers there, whatever it is that leads to them. */
async function giveAddresses(netnsPath: string, addresses: readonly Address[]): Promise<void> {
  const netlink = openNetlink({ netnsPath, maxSockets: 1 });
  try {
    const ifIndex = (await netlink.link("lo"))?.index ?? 0;
    await netlink.apply(
      addresses.map((address) =>
        replaceAddr({ ifIndex, address, prefixLength: addressBits(familyOf(address)), protocol: 0 }, { noDad: true }),
      ),
    );
  } finally {
    netlink.close();
  }
}

async function attachPod(
  host: LinuxHost,
  probes: Probes,
  { name, addresses }: { readonly name: string; readonly addresses: readonly Address[] },
): Promise<LabPod> {
  const path = `/run/netns/${prefix}-${name}`;
  createNetns(path);
  const spec: AttachmentSpec = {
    key: { network: "pods", containerId: name, ifName: "eth0" },
    netns: await host.openNetns(path),
    datapath: "veth",
    addresses: addresses.map(attachedAddress),
    mtuBytes: 1500,
  };
  const facts = await host.attach(spec, neverCancelled);
  const probe = await probes.start(path);
  await probe.listen(addresses, echoPort);
  return { path, spec, facts, addresses, probe };
}

/** The address that the other side sees, by TCP and UDP alike. */
export async function seenAs(from: Probe, address: string, port = echoPort): Promise<string> {
  const [tcp, udp] = await Promise.all(
    (["tcp", "udp"] as const).map((protocol) => from.reach({ protocol, address, port, timeoutMs })),
  );
  const [seenByTcp, seenByUdp] = [tcp, udp].map((one) => (one?.reached ? one.seenAs : `blocked: ${one?.why}`));
  return seenByTcp === seenByUdp ? `${seenByTcp}` : `tcp ${seenByTcp}, udp ${seenByUdp}`;
}

/**
 * What the connecting side is told; a kernel may believe it only when the first packet is sent again, after a second.
 */
export async function refusal(from: Probe, address: string): Promise<string> {
  const outcome = await from.reach({ protocol: "tcp", address, port: echoPort, timeoutMs: 4000 });
  return outcome.reached ? "reached" : outcome.why;
}

/** By TCP, with a deadline for those that nobody answers. */
export function reachBlocked(from: Probe, address: string, source?: string): Promise<Reachability> {
  const reach = { protocol: "tcp", address, port: echoPort, timeoutMs: blockedMs } as const;
  return from.reach({ ...reach, ...(source === undefined ? {} : { from: source }) });
}

function attachedAddress(address: Address) {
  const owner = [eth0, eth1].find((one) => one.blocks.some((block) => containsAddress(block, address)));
  const block = owner?.blocks.find((one: Cidr) => containsAddress(one, address));
  if (owner === undefined || block === undefined) throw new Error(`no block holds ${address}`);
  return { address, block, interfaceMac: owner.mac };
}

function nodeInterface({ mac, primaryAddresses, blocks: own }: FabricInterface, ordinal: number) {
  const role = ordinal === 1 ? ("primary" as const) : ("secondary" as const);
  return { mac, role, ordinal, primaryAddresses, gateways, mtuBytes: 1500, blocks: own };
}
