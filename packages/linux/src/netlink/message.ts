import { PodwireError } from "@podwire/core";
import { errnoName } from "../libc.ts";
import { readAttributes, readText } from "./attributes.ts";
import { extAckAttribute, messageFlag, messageType } from "./constants.ts";

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** What follows the header. */
  readonly body: Buffer;
}

/** The kernel's answer to one request that asked for an acknowledgement. */
export interface Acknowledgement {
  /** `EEXIST`; undefined on success. */
  readonly errno: string | undefined;
  /** The kernel's own words (extended ack), where it has any. */
  readonly text: string | undefined;
}

const headerBytes = 16;

export function encodeMessage(message: NetlinkMessage): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(headerBytes + message.body.length, 0);
  header.writeUInt16LE(message.type, 4);
  header.writeUInt16LE(message.flags, 6);
  header.writeUInt32LE(message.sequence, 8);
  return Buffer.concat([header, message.body, Buffer.alloc(-message.body.length & 3)]);
}

/**
 * The messages of one datagram.
 * @throws KERNEL_REFUSED when the datagram is not a whole number of messages: the buffer it was read into was too short
 */
export function splitMessages(datagram: Buffer): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at < datagram.length; ) {
    const length = datagram.length - at < headerBytes ? 0 : datagram.readUInt32LE(at);
    if (length < headerBytes || at + length > datagram.length) {
      throw new PodwireError("KERNEL_REFUSED", `a netlink answer of ${datagram.length} bytes is cut off at byte ${at}`);
    }
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + headerBytes, at + length),
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

/** Undefined when the message is no acknowledgement and no error. The end of a dump counts as one. */
export function decodeAcknowledgement(message: NetlinkMessage): Acknowledgement | undefined {
  if (message.type !== messageType.error && message.type !== messageType.done) return undefined;
  if (message.body.length < 4)
    return { errno: message.type === messageType.done ? undefined : "EBADMSG", text: undefined };
  const code = message.body.readInt32LE(0);
  return { errno: code === 0 ? undefined : errnoName(-code), text: extendedText(message) };
}

function extendedText({ type, flags, body }: NetlinkMessage): string | undefined {
  if ((flags & messageFlag.ackAttributes) === 0 || body.length < 8) return undefined;
  if (type === messageType.done) return readText(readAttributes(body, 4), extAckAttribute.message);
  // An error repeats the request it answers, or (capped) only the request's header, then come the attributes.
  const repeated = (flags & messageFlag.capped) === 0 ? body.readUInt32LE(4) : headerBytes;
  return readText(readAttributes(body, 4 + ((repeated + 3) & ~3)), extAckAttribute.message);
}
