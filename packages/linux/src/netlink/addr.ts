import { type Address, addressBytes, type Family, familyOf } from "@podwire/core";
import { readAttributes, readU8 } from "./attributes.ts";
import { addrAttribute, addrFlag, messageFlag, messageType, routeScope } from "./constants.ts";
import { addressFamilyNumber, decodeAddress, familyFromNumber } from "./family.ts";
import { MessageWriter } from "./message-writer.ts";
import { absence, type NetlinkRequest } from "./request.ts";

/** An address configured on a link. */
export interface Addr {
  readonly ifIndex: number;
  readonly address: Address;
  readonly prefixLength: number;
  /** Who configured it (IFA_PROTO); 0 = nobody said, also on kernels before 5.18. */
  readonly protocol: number;
}

export interface AddrOptions {
  /** IPv6: usable at once, without duplicate address detection. */
  readonly noDad?: boolean;
  /** The kernel makes no route to the rest of the prefix. */
  readonly noPrefixRoute?: boolean;
}

/** Adds the address; there already = success. */
export function replaceAddr(addr: Addr, options: AddrOptions = {}): NetlinkRequest {
  const noDad = options.noDad === true && familyOf(addr.address) === 6;
  const flags = (noDad ? addrFlag.noDad : 0) | (options.noPrefixRoute === true ? addrFlag.noPrefixRoute : 0);
  return {
    type: messageType.newAddr,
    flags: messageFlag.create | messageFlag.replace,
    body: encodeAddr(addr, flags),
    description: `addr replace ${formatAddr(addr)}`,
    tolerated: [],
  };
}

/** Absent = success. */
export function deleteAddr(addr: Addr): NetlinkRequest {
  return {
    type: messageType.delAddr,
    flags: 0,
    body: encodeAddr(addr, 0),
    description: `addr del ${formatAddr(addr)}`,
    tolerated: absence,
  };
}

export function dumpAddrs(family?: Family): NetlinkRequest {
  const writer = new MessageWriter()
    .u8(family === undefined ? 0 : addressFamilyNumber(family))
    .u8(0)
    .u16(0)
    .u32(0);
  return {
    type: messageType.getAddr,
    flags: messageFlag.dump,
    body: writer.finish(),
    description: "addr show",
    tolerated: [],
  };
}

/** Undefined when the bytes describe no IP address. */
export function decodeAddr(body: Buffer): Addr | undefined {
  const family = familyFromNumber(body[0]);
  if (body.length < 8 || family === undefined) return undefined;
  const attributes = readAttributes(body, 8);
  const own = attributes.get(addrAttribute.local) ?? attributes.get(addrAttribute.address);
  const address = decodeAddress(family, own);
  if (address === undefined) return undefined;
  return {
    ifIndex: body.readUInt32LE(4),
    address,
    prefixLength: body.readUInt8(1),
    protocol: readU8(attributes, addrAttribute.protocol) ?? 0,
  };
}

/** struct ifaddrmsg and its attributes. A loopback address in scope `host` is the kernel's own doing, never ours. */
function encodeAddr(addr: Addr, flags: number): Buffer {
  const bytes = addressBytes(addr.address);
  const writer = new MessageWriter()
    .u8(addressFamilyNumber(familyOf(addr.address)))
    .u8(addr.prefixLength)
    .u8(flags & 0xff)
    .u8(routeScope.universe)
    .u32(addr.ifIndex)
    .attribute(addrAttribute.local, bytes)
    .attribute(addrAttribute.address, bytes)
    .attributeU32(addrAttribute.flags, flags);
  if (addr.protocol !== 0) writer.attributeU8(addrAttribute.protocol, addr.protocol);
  return writer.finish();
}

function formatAddr(addr: Addr): string {
  return `${addr.address}/${addr.prefixLength} dev index ${addr.ifIndex}`;
}
