import {
  type AttachedAddress,
  type AttachmentFacts,
  type AttachmentSpec,
  addressAt,
  type Cidr,
  type Datapath,
  type Family,
  type MacAddress,
  type NodeInterface,
  type NodeNetwork,
  parseAddress,
  parseCidr,
} from "@podwire/core";
import type { HostPlace } from "./host-place.ts";

export const primaryBlock: Readonly<Record<Family, Cidr>> = {
  4: parseCidr("10.0.1.0/28"),
  6: parseCidr("2001:db8:0:1::/80"),
};
/** A block of one address, as a secondary IP is. */
export const secondaryBlock = parseCidr("10.0.2.5/32");

const gateways = { 4: parseAddress("10.0.0.1"), 6: parseAddress("fe80::1") } as const;

export interface SampleSpec {
  readonly netnsPath: string;
  /** Which address of the block, and with it which container. */
  readonly index?: number;
  readonly families?: readonly Family[];
  readonly datapath?: Datapath;
  readonly ifName?: string;
  readonly mac?: MacAddress;
}

/** A pod on the primary interface, with an address of each family of the host unless told otherwise. */
export async function sampleSpec(place: HostPlace, sample: SampleSpec): Promise<AttachmentSpec> {
  const { index = 1, families = place.host.capabilities.families, datapath = "veth", ifName = "eth0" } = sample;
  return {
    key: { network: "pods", containerId: `container-${index}`, ifName },
    netns: await place.host.openNetns(sample.netnsPath),
    datapath,
    addresses: families.map((family) => attachedAddress(place, primaryBlock[family], index)),
    mtuBytes: 9001,
    ...(sample.mac === undefined ? {} : { mac: sample.mac }),
  };
}

function attachedAddress(place: HostPlace, block: Cidr, index: number): AttachedAddress {
  return { address: addressAt(block, BigInt(index)), block, interfaceMac: place.primaryMac };
}

export type SampleAttachment = { readonly spec: AttachmentSpec; readonly facts: AttachmentFacts };

/** A node with two interfaces. */
export function sampleNetwork(place: HostPlace, attachments: readonly SampleAttachment[] = []): NodeNetwork {
  return {
    interfaces: [primaryInterface(place), secondaryInterface(place.secondaryMac)],
    vpcCidrs: [parseCidr("10.0.0.0/16")],
    egress: { nat: "node", excludedCidrs: [parseCidr("192.0.2.0/24")], podMetadataAccess: false },
    attachments,
  };
}

export function primaryInterface(place: HostPlace): NodeInterface {
  return {
    mac: place.primaryMac,
    role: "primary",
    ordinal: 1,
    primaryAddresses: [parseAddress("10.0.0.10")],
    gateways,
    mtuBytes: 1500,
    blocks: place.host.capabilities.families.map((family) => primaryBlock[family]),
  };
}

export function secondaryInterface(mac: MacAddress): NodeInterface {
  return {
    mac,
    role: "secondary",
    ordinal: 2,
    primaryAddresses: [parseAddress("10.0.0.11")],
    gateways,
    mtuBytes: 1500,
    blocks: [secondaryBlock],
  };
}
