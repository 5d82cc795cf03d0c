import {
  type Address,
  addressBytes,
  type Family,
  familyOf,
  type MacAddress,
  macBytes,
  macFromBytes,
} from "@podwire/core";
import { readAttributes } from "./attributes.ts";
import { messageFlag, messageType, neighAttribute, neighState } from "./constants.ts";
import { addressFamilyNumber, decodeAddress, familyFromNumber } from "./family.ts";
import { MessageWriter } from "./message-writer.ts";
import { absence, type NetlinkRequest } from "./request.ts";

/** Which MAC address an IP address has on a link. */
export interface Neigh {
  readonly ifIndex: number;
  readonly address: Address;
  readonly mac: MacAddress;
  /** Stays until it is deleted; the others the kernel learns and forgets by itself. */
  readonly permanent: boolean;
}

export type PermanentNeigh = Omit<Neigh, "permanent">;

/** Adds a permanent entry or puts it in the place of what is known of the address. */
export function replaceNeigh(neigh: PermanentNeigh): NetlinkRequest {
  return {
    type: messageType.newNeigh,
    flags: messageFlag.create | messageFlag.replace,
    body: neighHeader(neigh)
      .attribute(neighAttribute.address, addressBytes(neigh.address))
      .attribute(neighAttribute.linkAddress, macBytes(neigh.mac))
      .finish(),
    description: `neigh replace ${neigh.address} lladdr ${neigh.mac} dev index ${neigh.ifIndex} nud permanent`,
    tolerated: [],
  };
}

/** Absent = success. */
export function deleteNeigh(neigh: { readonly ifIndex: number; readonly address: Address }): NetlinkRequest {
  return {
    type: messageType.delNeigh,
    flags: 0,
    body: neighHeader(neigh).attribute(neighAttribute.address, addressBytes(neigh.address)).finish(),
    description: `neigh del ${neigh.address} dev index ${neigh.ifIndex}`,
    tolerated: absence,
  };
}

export function dumpNeighs(family: Family): NetlinkRequest {
  const writer = new MessageWriter().u8(addressFamilyNumber(family)).u8(0).u16(0).u32(0).u16(0).u8(0).u8(0);
  return {
    type: messageType.getNeigh,
    flags: messageFlag.dump,
    body: writer.finish(),
    description: `-${family} neigh show`,
    tolerated: [],
  };
}

/** Undefined when the bytes describe no IP neighbour, or one whose MAC address is not known. */
export function decodeNeigh(body: Buffer): Neigh | undefined {
  const family = familyFromNumber(body[0]);
  if (body.length < 12 || family === undefined) return undefined;
  const attributes = readAttributes(body, 12);
  const address = decodeAddress(family, attributes.get(neighAttribute.address));
  const mac = attributes.get(neighAttribute.linkAddress);
  if (address === undefined || mac?.length !== 6) return undefined;
  return {
    ifIndex: body.readUInt32LE(4),
    address,
    mac: macFromBytes(mac),
    permanent: (body.readUInt16LE(8) & neighState.permanent) !== 0,
  };
}

/** struct ndmsg */
function neighHeader(neigh: { readonly ifIndex: number; readonly address: Address }): MessageWriter {
  return new MessageWriter()
    .u8(addressFamilyNumber(familyOf(neigh.address)))
    .u8(0)
    .u16(0)
    .u32(neigh.ifIndex)
    .u16(neighState.permanent)
    .u8(0)
    .u8(0);
}
