import { closeSync, read, readSync, write } from "node:fs";
import { PodwireError } from "@podwire/core";
import { libc } from "../libc.ts";
import { addressFamily, messageFlag, netlinkFamily, netlinkOption } from "./constants.ts";
import {
  type Acknowledgement,
  decodeAcknowledgement,
  encodeMessage,
  type NetlinkMessage,
  splitMessages,
} from "./message.ts";
import { isRefused, type NetlinkRequest, refusal } from "./request.ts";

/** What the kernel answered to one request. */
export interface NetlinkAnswer extends Acknowledgement {
  readonly messages: readonly NetlinkMessage[];
}

/** One netlink socket: one conversation at a time. It stays in the namespace it was opened in. */
export interface NetlinkSocket {
  readonly fd: number;
  /**
   * Sends all requests in one write and collects their answers, in order. The kernel carries out every one of them,
   * also after one that it refused.
   */
  send(requests: readonly NetlinkRequest[]): Promise<readonly NetlinkAnswer[]>;
  /** Undefined when the kernel saw a change half-way: ask again. @throws KERNEL_REFUSED */
  dump(request: NetlinkRequest): Promise<readonly NetlinkMessage[] | undefined>;
  close(): void;
}

const sockRaw = 3;
const sockCloexec = 0o2000000;
const solSocket = 1;
const soRcvtimeo = 20;
const soRcvbufforce = 33;
/** The kernel answers before the write returns; a read that waits this long is a defect, not a slow kernel. */
const answerTimeoutSeconds = 5n;
/** Room for the acknowledgements of the longest batch: one that does not fit is lost (ENOBUFS). */
const receiveBufferBytes = 1 << 20;
/** The kernel puts at most 32 KiB into one datagram of a dump. */
const datagramBytes = 1 << 16;

/** Opens a route socket in the calling thread's namespace. @throws KERNEL_REFUSED */
export function openNetlinkSocket(): NetlinkSocket {
  const fd = libc.socket(addressFamily.netlink, sockRaw | sockCloexec, netlinkFamily.route);
  if (fd < 0) {
    const details = libc.errnoName();
    throw new PodwireError("KERNEL_REFUSED", "the kernel refused a netlink socket", { op: "socket", details });
  }
  const on = Buffer.from(Uint32Array.of(1).buffer);
  for (const option of [netlinkOption.extAck, netlinkOption.capAck, netlinkOption.strictCheck]) {
    libc.setsockopt(fd, netlinkOption.level, option, on, 4);
  }
  libc.setsockopt(fd, solSocket, soRcvtimeo, Buffer.from(BigInt64Array.of(answerTimeoutSeconds, 0n).buffer), 16);
  libc.setsockopt(fd, solSocket, soRcvbufforce, Buffer.from(Uint32Array.of(receiveBufferBytes).buffer), 4);
  return conversation(fd);
}

function conversation(fd: number): NetlinkSocket {
  // Some sockets are only opened to ask what namespace they are in.
  let buffer: Buffer | undefined;
  const receiveBuffer = () => {
    buffer ??= Buffer.allocUnsafeSlow(datagramBytes);
    return buffer;
  };
  let nextSequence = 1;
  const transmit = async (requests: readonly NetlinkRequest[], flags: number): Promise<number> => {
    const first = nextSequence;
    nextSequence = (nextSequence + requests.length) >>> 0;
    await writeAll(fd, Buffer.concat(requests.map((request, i) => encodeRequest(request, first + i, flags))));
    return first;
  };
  return {
    fd,
    send: async (requests) => {
      const first = await transmit(requests, messageFlag.ack);
      return collectAnswers(requests.length, first, () => splitMessages(readNow(fd, receiveBuffer())));
    },
    dump: async (request) => {
      const first = await transmit([request], 0);
      return collectDump(request, first, async () => splitMessages(await readLater(fd, receiveBuffer())));
    },
    close: () => closeSync(fd),
  };
}

function encodeRequest(request: NetlinkRequest, sequence: number, flags: number): Buffer {
  return encodeMessage({
    type: request.type,
    flags: messageFlag.request | request.flags | flags,
    sequence,
    body: request.body,
  });
}

/** Every request asked for an acknowledgement, so there is one for each; a late answer to another one is skipped. */
function collectAnswers(count: number, first: number, receive: () => readonly NetlinkMessage[]): NetlinkAnswer[] {
  const messages: NetlinkMessage[][] = Array.from({ length: count }, () => []);
  const answers: NetlinkAnswer[] = [];
  for (let pending = count; pending > 0; ) {
    for (const message of receive()) {
      const index = message.sequence - first;
      const own = messages[index];
      if (own === undefined) continue;
      const acknowledgement = decodeAcknowledgement(message);
      if (acknowledgement === undefined) {
        own.push(copied(message));
        continue;
      }
      answers[index] = { ...acknowledgement, messages: own };
      pending--;
    }
  }
  return answers;
}

async function collectDump(
  request: NetlinkRequest,
  sequence: number,
  receive: () => Promise<readonly NetlinkMessage[]>,
): Promise<readonly NetlinkMessage[] | undefined> {
  const messages: NetlinkMessage[] = [];
  let interrupted = false;
  for (;;) {
    for (const message of await receive()) {
      if (message.sequence !== sequence) continue;
      interrupted ||= (message.flags & messageFlag.dumpInterrupted) !== 0;
      const end = decodeAcknowledgement(message);
      if (end === undefined) messages.push(copied(message));
      else if (isRefused(request, end)) throw refusal(request, end);
      else return interrupted ? undefined : messages;
    }
  }
}

/** The receive buffer is used again for the next datagram. */
function copied(message: NetlinkMessage): NetlinkMessage {
  return { ...message, body: Buffer.from(message.body) };
}

/**
 * In libuv's thread pool: the kernel works while write() runs, and may wait there for its locks. A datagram socket
 * takes all or nothing.
 */
function writeAll(fd: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, null, (error) => {
      if (error === null) resolve();
      else if (error.code === "EINTR") writeAll(fd, bytes).then(resolve, reject);
      else reject(ioFailure("write", error));
    });
  });
}

/** Acknowledgements are queued before write() returns, so this does not wait. */
function readNow(fd: number, buffer: Buffer): Buffer {
  for (;;) {
    try {
      return buffer.subarray(0, readSync(fd, buffer));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EINTR") throw ioFailure("read", error);
    }
  }
}

/** Each read of a dump makes the kernel produce the next part, under its locks: in the thread pool, too. */
function readLater(fd: number, buffer: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, null, (error, length) => {
      if (error === null) resolve(buffer.subarray(0, length));
      else if (error.code === "EINTR") readLater(fd, buffer).then(resolve, reject);
      else reject(ioFailure("read", error));
    });
  });
}

/**
 * EAGAIN (no answer in time) and ENOBUFS (answers lost) leave the outcome unknown; the socket must not be used again.
 */
function ioFailure(op: string, error: unknown): PodwireError {
  const { code } = error as NodeJS.ErrnoException;
  return new PodwireError("KERNEL_REFUSED", `netlink ${op} failed (${code})`, {
    op: `netlink ${op}`,
    details: `${code}`,
    cause: error,
  });
}
