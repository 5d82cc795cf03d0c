import { type MacAddress, macBytes, macFromBytes } from "@podwire/core";
import { type Attributes, readAttributes, readNested, readS32, readText, readU32 } from "./attributes.ts";
import {
  addressFamily,
  addrGenMode,
  familySpecAttribute,
  inetConf,
  linkAttribute,
  linkFlag,
  linkInfoAttribute,
  messageFlag,
  messageType,
} from "./constants.ts";
import { MessageWriter } from "./message-writer.ts";
import { absence, type NetlinkRequest } from "./request.ts";

/** A link as the kernel describes it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** Absent where the link has no Ethernet address. */
  readonly mac: MacAddress | undefined;
  readonly mtuBytes: number;
  /** Set up by somebody; says nothing about a carrier. */
  readonly up: boolean;
  readonly alias: string | undefined;
  /** `veth`, `bridge`, …; absent for hardware and for `lo`. */
  readonly kind: string | undefined;
  readonly group: number;
  /** Of a veth: index of the other end, in the namespace that `peerNetnsId` names (absent = the same one). */
  readonly peerIndex: number | undefined;
  readonly peerNetnsId: number | undefined;
  /** net.ipv4.conf.<name>.rp_filter; absent where the link has no IPv4. */
  readonly rpFilter: number | undefined;
}

export interface VethEnd {
  readonly name: string;
  readonly mac?: MacAddress;
}

export interface Veth extends VethEnd {
  readonly mtuBytes: number;
  /**
   * `netnsFd`: an open namespace in which the other end is created; it must stay open until the request is answered.
   */
  readonly peer: VethEnd & { readonly netnsFd?: number };
}

/** What is to change of a link; what is absent stays as it is. */
export interface LinkChange {
  readonly up?: boolean;
  readonly name?: string;
  readonly mac?: MacAddress;
  readonly mtuBytes?: number;
  /** Empty = none. */
  readonly alias?: string;
  readonly group?: number;
  /** Index of the bridge to enslave the link to; 0 = release it. */
  readonly masterIndex?: number;
  /** Moves the link into another namespace. */
  readonly netnsFd?: number;
  /** net.ipv4.conf.<name>.rp_filter: 0 off, 1 strict, 2 loose. */
  readonly rpFilter?: number;
  /** Without a link-local IPv6 address, hence without duplicate address detection. Before the link is set up. */
  readonly noLinkLocal?: boolean;
}

/** Creates both ends of a veth pair, down. Fails with EEXIST when either name is taken. */
export function createVeth(veth: Veth): NetlinkRequest {
  const writer = linkHeader(0);
  writeEnd(writer, veth, veth.mtuBytes);
  writer.nest(linkAttribute.linkInfo, () =>
    writer.attributeText(linkInfoAttribute.kind, "veth").nest(linkInfoAttribute.data, () =>
      writer.nest(linkInfoAttribute.vethPeer, () => {
        writeLinkHeader(writer, 0);
        writeEnd(writer, veth.peer, veth.mtuBytes);
        if (veth.peer.netnsFd !== undefined) writer.attributeU32(linkAttribute.netnsFd, veth.peer.netnsFd);
      }),
    ),
  );
  return linkRequest(messageType.newLink, writer, {
    flags: messageFlag.create | messageFlag.exclusive,
    description: `link add ${veth.name} type veth peer name ${veth.peer.name}`,
  });
}

export function createBridge(name: string): NetlinkRequest {
  const writer = linkHeader(0).attributeText(linkAttribute.name, name);
  writer.nest(linkAttribute.linkInfo, () => writer.attributeText(linkInfoAttribute.kind, "bridge"));
  return linkRequest(messageType.newLink, writer, {
    flags: messageFlag.create | messageFlag.exclusive,
    description: `link add ${name} type bridge`,
  });
}

/** @param link by index, or by name where the index is not known yet (then it cannot be renamed) */
export function setLink(link: number | string, change: LinkChange): NetlinkRequest {
  const writer = new MessageWriter();
  writeLinkHeader(writer, typeof link === "number" ? link : 0, change.up);
  if (typeof link === "string") writer.attributeText(linkAttribute.name, link);
  else if (change.name !== undefined) writer.attributeText(linkAttribute.name, change.name);
  writeChange(writer, change);
  const what = Object.entries(change).map(([name, value]) => `${name} ${value}`);
  return linkRequest(messageType.setLink, writer, { description: `link set ${label(link)} ${what.join(" ")}` });
}

/** Absent = success. */
export function deleteLink(link: number | string): NetlinkRequest {
  const writer = linkHeader(typeof link === "number" ? link : 0);
  if (typeof link === "string") writer.attributeText(linkAttribute.name, link);
  return linkRequest(messageType.delLink, writer, { description: `link del ${label(link)}`, tolerated: absence });
}

/** Deletes every link of the group in one go: one wait for the kernel's grace period instead of one a link. */
export function deleteLinkGroup(group: number): NetlinkRequest {
  const writer = linkHeader(0).attributeU32(linkAttribute.group, group);
  return linkRequest(messageType.delLink, writer, { description: `link del group ${group}`, tolerated: absence });
}

/** The answer is a link, or ENODEV. */
export function getLink(link: number | string): NetlinkRequest {
  const writer = linkHeader(typeof link === "number" ? link : 0);
  if (typeof link === "string") writer.attributeText(linkAttribute.name, link);
  return linkRequest(messageType.getLink, writer, { description: `link show ${label(link)}`, tolerated: ["ENODEV"] });
}

export function dumpLinks(): NetlinkRequest {
  return linkRequest(messageType.getLink, linkHeader(0), { flags: messageFlag.dump, description: "link show" });
}

/** Undefined when the bytes describe no link. */
export function decodeLink(body: Buffer): Link | undefined {
  if (body.length < 16) return undefined;
  const attributes = readAttributes(body, 16);
  const name = readText(attributes, linkAttribute.name);
  if (name === undefined) return undefined;
  return {
    index: body.readInt32LE(4),
    name,
    mac: macOf(attributes.get(linkAttribute.address)),
    mtuBytes: readU32(attributes, linkAttribute.mtu) ?? 0,
    up: (body.readUInt32LE(8) & linkFlag.up) !== 0,
    alias: readText(attributes, linkAttribute.alias),
    kind: readText(readNested(attributes, linkAttribute.linkInfo), linkInfoAttribute.kind),
    group: readU32(attributes, linkAttribute.group) ?? 0,
    peerIndex: readU32(attributes, linkAttribute.link),
    peerNetnsId: readS32(attributes, linkAttribute.linkNetnsId),
    rpFilter: rpFilterOf(attributes),
  };
}

function linkHeader(index: number): MessageWriter {
  const writer = new MessageWriter();
  writeLinkHeader(writer, index);
  return writer;
}

/** struct ifinfomsg: the flags, and which of them are meant. */
function writeLinkHeader(writer: MessageWriter, index: number, up?: boolean): void {
  writer.u8(addressFamily.unspec).u8(0).u16(0).u32(index);
  writer.u32(up === true ? linkFlag.up : 0).u32(up === undefined ? 0 : linkFlag.up);
}

function writeEnd(writer: MessageWriter, end: VethEnd, mtuBytes: number): void {
  writer.attributeText(linkAttribute.name, end.name).attributeU32(linkAttribute.mtu, mtuBytes);
  if (end.mac !== undefined) writer.attribute(linkAttribute.address, macBytes(end.mac));
}

function writeChange(writer: MessageWriter, change: LinkChange): void {
  if (change.mac !== undefined) writer.attribute(linkAttribute.address, macBytes(change.mac));
  if (change.mtuBytes !== undefined) writer.attributeU32(linkAttribute.mtu, change.mtuBytes);
  // Not ended by a zero: an empty alias is one of no bytes.
  if (change.alias !== undefined) writer.attribute(linkAttribute.alias, Buffer.from(change.alias));
  if (change.group !== undefined) writer.attributeU32(linkAttribute.group, change.group);
  if (change.masterIndex !== undefined) writer.attributeU32(linkAttribute.master, change.masterIndex);
  if (change.netnsFd !== undefined) writer.attributeU32(linkAttribute.netnsFd, change.netnsFd);
  if (change.rpFilter !== undefined || change.noLinkLocal === true) writeFamilySettings(writer, change);
}

function writeFamilySettings(writer: MessageWriter, { rpFilter, noLinkLocal }: LinkChange): void {
  writer.nest(linkAttribute.familySpec, () => {
    if (rpFilter !== undefined) {
      writer.nest(addressFamily.inet, () =>
        writer.nest(familySpecAttribute.inetConf, () => writer.attributeU32(inetConf.rpFilter, rpFilter)),
      );
    }
    if (noLinkLocal === true) {
      writer.nest(addressFamily.inet6, () =>
        writer.attributeU8(familySpecAttribute.inet6AddrGenMode, addrGenMode.none),
      );
    }
  });
}

interface RequestFacts {
  readonly description: string;
  readonly flags?: number;
  readonly tolerated?: readonly string[];
}

function linkRequest(type: number, writer: MessageWriter, facts: RequestFacts): NetlinkRequest {
  return { type, flags: facts.flags ?? 0, body: writer.finish(), tolerated: facts.tolerated ?? [], ...facts };
}

function label(link: number | string): string {
  return typeof link === "number" ? `index ${link}` : link;
}

function macOf(bytes: Buffer | undefined): MacAddress | undefined {
  return bytes?.length === 6 ? macFromBytes(bytes) : undefined;
}

/** The settings come as one array of numbers, the first being setting 1. */
function rpFilterOf(attributes: Attributes): number | undefined {
  const spec = readNested(readNested(attributes, linkAttribute.familySpec), addressFamily.inet);
  const settings = spec.get(familySpecAttribute.inetConf);
  const at = (inetConf.rpFilter - 1) * 4;
  return settings === undefined || settings.length < at + 4 ? undefined : settings.readInt32LE(at);
}
