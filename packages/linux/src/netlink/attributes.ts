/** Attributes of a message by type; where one comes twice, the last. */
export type Attributes = ReadonlyMap<number, Buffer>;

/** The two top bits of an attribute's type are flags (nested, network byte order), not part of it. */
const typeMask = 0x3fff;

/**
 * Reads attributes from `offset` to the end of `bytes`. Whatever does not fit ends the reading: nothing is read beyond
 * `bytes`, and nothing is thrown.
 */
export function readAttributes(bytes: Buffer, offset = 0): Attributes {
  const attributes = new Map<number, Buffer>();
  let at = offset;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) break;
    attributes.set(bytes.readUInt16LE(at + 2) & typeMask, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return attributes;
}

export function readNested(attributes: Attributes, type: number): Attributes {
  return readAttributes(attributes.get(type) ?? nothing);
}

/** Undefined when the attribute is absent or too short; the same for the readers below. */
export function readU32(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  return value === undefined || value.length < 4 ? undefined : value.readUInt32LE();
}

export function readS32(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  return value === undefined || value.length < 4 ? undefined : value.readInt32LE();
}

export function readU8(attributes: Attributes, type: number): number | undefined {
  return attributes.get(type)?.[0];
}

/** Up to the first zero byte, or to the end. */
export function readText(attributes: Attributes, type: number): string | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return value.toString("utf8", 0, end < 0 ? value.length : end);
}

const nothing = Buffer.alloc(0);
