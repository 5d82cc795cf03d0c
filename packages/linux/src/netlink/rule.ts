import { addressBytes, type Cidr, type Family, networkAddress, prefixLength } from "@podwire/core";
import { readAttributes, readText, readU8, readU32 } from "./attributes.ts";
import { messageFlag, messageType, routeTable, ruleAction, ruleAttribute } from "./constants.ts";
import { addressFamilyNumber, decodeCidr, familyFromNumber } from "./family.ts";
import { MessageWriter } from "./message-writer.ts";
import { absence, type NetlinkRequest } from "./request.ts";

/** A policy rule that looks a table up. Rules of other kinds are not decoded: podwire makes none and touches none. */
export interface Rule {
  readonly family: Family;
  /** Lower is asked first. */
  readonly priority: number;
  readonly table: number;
  /** Who made the rule (FRA_PROTOCOL). */
  readonly protocol: number;
  readonly source?: Cidr;
  readonly destination?: Cidr;
  /** Packets whose mark, under the mask, equals the value. */
  readonly mark?: { readonly value: number; readonly mask: number };
  readonly inInterface?: string;
}

/** Adds the rule; there already = success (the kernel compares everything but the protocol). */
export function addRule(rule: Rule): NetlinkRequest {
  return {
    type: messageType.newRule,
    flags: messageFlag.create | messageFlag.exclusive,
    body: encodeRule(rule),
    description: `-${rule.family} rule add ${formatRule(rule)}`,
    tolerated: ["EEXIST"],
  };
}

/** Absent = success. */
export function deleteRule(rule: Rule): NetlinkRequest {
  return {
    type: messageType.delRule,
    flags: 0,
    body: encodeRule(rule),
    description: `-${rule.family} rule del ${formatRule(rule)}`,
    tolerated: absence,
  };
}

export function dumpRules(family: Family): NetlinkRequest {
  const writer = new MessageWriter().u8(addressFamilyNumber(family)).u8(0).u8(0).u8(0).u32(0).u32(0);
  return {
    type: messageType.getRule,
    flags: messageFlag.dump,
    body: writer.finish(),
    description: `-${family} rule show`,
    tolerated: [],
  };
}

/** Undefined when the bytes describe no rule that looks a table up. */
export function decodeRule(body: Buffer): Rule | undefined {
  const family = familyFromNumber(body[0]);
  if (body.length < 12 || family === undefined || body.readUInt8(7) !== ruleAction.lookup) return undefined;
  const attributes = readAttributes(body, 12);
  const source = selector(family, attributes.get(ruleAttribute.source), body.readUInt8(2));
  const destination = selector(family, attributes.get(ruleAttribute.destination), body.readUInt8(1));
  const mark = readU32(attributes, ruleAttribute.mark);
  const mask = readU32(attributes, ruleAttribute.markMask) ?? 0xffffffff;
  const inInterface = readText(attributes, ruleAttribute.inInterface);
  return {
    family,
    priority: readU32(attributes, ruleAttribute.priority) ?? 0,
    table: readU32(attributes, ruleAttribute.table) ?? body.readUInt8(4),
    protocol: readU8(attributes, ruleAttribute.protocol) ?? 0,
    ...(source === undefined ? {} : { source }),
    ...(destination === undefined ? {} : { destination }),
    ...(mark === undefined ? {} : { mark: { value: mark, mask } }),
    ...(inInterface === undefined ? {} : { inInterface }),
  };
}

export function sameRule(a: Rule, b: Rule): boolean {
  return a.protocol === b.protocol && a.family === b.family && formatRule(a) === formatRule(b);
}

/** As `ip rule add` wants it. */
export function formatRule(rule: Rule): string {
  const parts = [`pref ${rule.priority}`];
  if (rule.source !== undefined) parts.push(`from ${rule.source}`);
  if (rule.destination !== undefined) parts.push(`to ${rule.destination}`);
  if (rule.inInterface !== undefined) parts.push(`iif ${rule.inInterface}`);
  if (rule.mark !== undefined) parts.push(`fwmark 0x${rule.mark.value.toString(16)}/0x${rule.mark.mask.toString(16)}`);
  parts.push(`lookup ${rule.table}`);
  return parts.join(" ");
}

/** struct fib_rule_hdr and its attributes. */
function encodeRule(rule: Rule): Buffer {
  const writer = new MessageWriter()
    .u8(addressFamilyNumber(rule.family))
    .u8(rule.destination === undefined ? 0 : prefixLength(rule.destination))
    .u8(rule.source === undefined ? 0 : prefixLength(rule.source))
    .u8(0)
    .u8(rule.table < 256 ? rule.table : routeTable.compat)
    .u8(0)
    .u8(0)
    .u8(ruleAction.lookup)
    .u32(0)
    .attributeU32(ruleAttribute.priority, rule.priority)
    .attributeU32(ruleAttribute.table, rule.table)
    .attributeU8(ruleAttribute.protocol, rule.protocol);
  if (rule.destination !== undefined)
    writer.attribute(ruleAttribute.destination, addressBytes(networkAddress(rule.destination)));
  if (rule.source !== undefined) writer.attribute(ruleAttribute.source, addressBytes(networkAddress(rule.source)));
  if (rule.inInterface !== undefined) writer.attributeText(ruleAttribute.inInterface, rule.inInterface);
  if (rule.mark !== undefined) {
    writer.attributeU32(ruleAttribute.mark, rule.mark.value).attributeU32(ruleAttribute.markMask, rule.mark.mask);
  }
  return writer.finish();
}

/** A prefix of length zero selects everything and is no selector. */
function selector(family: Family, bytes: Buffer | undefined, length: number): Cidr | undefined {
  return bytes === undefined || length === 0 ? undefined : decodeCidr(family, bytes, length);
}
