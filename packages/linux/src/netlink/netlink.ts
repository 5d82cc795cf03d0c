import { type Family, PodwireError } from "@podwire/core";
import { openNetns, runInNetns } from "../namespace/netns.ts";
import { type Addr, decodeAddr, dumpAddrs } from "./addr.ts";
import { decodeLink, dumpLinks, getLink, type Link } from "./link.ts";
import type { NetlinkMessage } from "./message.ts";
import { decodeNeigh, dumpNeighs, type Neigh } from "./neigh.ts";
import { isRefused, type NetlinkRequest, refusal } from "./request.ts";
import { decodeRoute, dumpRoutes, type Route, type RouteFilter } from "./route.ts";
import { decodeRule, dumpRules, type Rule } from "./rule.ts";
import { type NetlinkAnswer, type NetlinkSocket, openNetlinkSocket } from "./socket.ts";

/**
 * The route side of one network namespace. Requests are data, made by `createVeth`, `setLink`, `replaceRoute` and so
 * on; those of one call travel together. Everything rejects with KERNEL_REFUSED: operation, errno and the kernel's
 * text.
 */
export interface Netlink {
  /**
   * Carries out all requests, in order, also those after one that is refused; then rejects with the first refusal.
   * Not a transaction.
   */
  apply(requests: readonly NetlinkRequest[]): Promise<void>;
  /** As `apply`, but hands back every answer instead of rejecting. */
  send(requests: readonly NetlinkRequest[]): Promise<readonly NetlinkAnswer[]>;
  links(): Promise<readonly Link[]>;
  /** By name or index; undefined when there is none. */
  link(link: string | number): Promise<Link | undefined>;
  addrs(family?: Family): Promise<readonly Addr[]>;
  routes(filter: RouteFilter): Promise<readonly Route[]>;
  rules(family: Family): Promise<readonly Rule[]>;
  neighs(family: Family): Promise<readonly Neigh[]>;
  /** After calls under way. */
  close(): void;
}

export interface NetlinkOptions {
  /** The namespace; default: the calling thread's. It stays open, and so exists, until `close`. */
  readonly netnsPath?: string;
  /** Conversations side by side; more calls wait for their turn. Each may occupy a thread of libuv's pool (4). */
  readonly maxSockets?: number;
}

/** How often a dump is repeated that a change interrupted. */
const maxDumpAttempts = 16;
/** Keeps a write under the kernel's send buffer, and its acknowledgements under the receive buffer. */
const maxBatch = 256;

/** @throws INVALID_NETNS, KERNEL_REFUSED */
export function openNetlink(options: NetlinkOptions = {}): Netlink {
  const { netnsPath } = options;
  if (netnsPath === undefined) return netlinkOver(openNetlinkSocket, options.maxSockets);
  const netns = openNetns(netnsPath);
  const open = () => runInNetns(netns, openNetlinkSocket);
  try {
    return netlinkOver(open, options.maxSockets, netns.close);
  } catch (error) {
    netns.close();
    throw error;
  }
}

/** @param open makes a socket in the namespace meant; called once now, again when conversations overlap */
export function netlinkOver(open: () => NetlinkSocket, maxSockets = 3, onClose = () => {}): Netlink {
  const sockets = socketPool(open, maxSockets, onClose);
  const send = async (requests: readonly NetlinkRequest[]) => {
    const answers: NetlinkAnswer[] = [];
    for (let at = 0; at < requests.length; at += maxBatch) {
      const batch = requests.slice(at, at + maxBatch);
      answers.push(...(await sockets.use((socket) => socket.send(batch))));
    }
    return answers;
  };
  const dump = async <T>(request: NetlinkRequest, decode: (body: Buffer) => T | undefined) =>
    decodeAll(await sockets.use((socket) => completeDump(socket, request)), decode);
  return {
    send,
    apply: async (requests) => throwFirstRefusal(requests, await send(requests)),
    links: () => dump(dumpLinks(), decodeLink),
    link: async (link) => {
      const request = getLink(link);
      const answers = await send([request]);
      throwFirstRefusal([request], answers);
      return decodeAll(answers[0]?.messages ?? [], decodeLink)[0];
    },
    addrs: (family) => dump(dumpAddrs(family), decodeAddr),
    routes: async (filter) => narrowed(filter, await dump(dumpRoutes(filter), decodeRoute)),
    rules: (family) => dump(dumpRules(family), decodeRule),
    neighs: (family) => dump(dumpNeighs(family), decodeNeigh),
    close: sockets.close,
  };
}

function throwFirstRefusal(requests: readonly NetlinkRequest[], answers: readonly NetlinkAnswer[]): void {
  for (const [i, request] of requests.entries()) {
    const answer = answers[i];
    if (answer !== undefined && isRefused(request, answer)) throw refusal(request, answer);
  }
}

function decodeAll<T>(messages: readonly NetlinkMessage[], decode: (body: Buffer) => T | undefined): readonly T[] {
  return messages.map((message) => decode(message.body)).filter((value): value is T & {} => value !== undefined);
}

/** A kernel without strict checking ignores the filter. */
function narrowed(filter: RouteFilter, routes: readonly Route[]): readonly Route[] {
  return routes.filter(
    (route) =>
      (filter.table === undefined || route.table === filter.table) &&
      (filter.protocol === undefined || route.protocol === filter.protocol),
  );
}

async function completeDump(socket: NetlinkSocket, request: NetlinkRequest): Promise<readonly NetlinkMessage[]> {
  for (let attempt = 0; attempt < maxDumpAttempts; attempt++) {
    const messages = await socket.dump(request);
    if (messages !== undefined) return messages;
  }
  throw new PodwireError("KERNEL_REFUSED", `ip ${request.description} was interrupted ${maxDumpAttempts} times`, {
    op: `ip ${request.description}`,
    details: "NLM_F_DUMP_INTR",
  });
}

interface SocketPool {
  use<T>(conversation: (socket: NetlinkSocket) => Promise<T>): Promise<T>;
  close(): void;
}

function socketPool(open: () => NetlinkSocket, maxSockets: number, onClose: () => void): SocketPool {
  const idle: NetlinkSocket[] = [open()];
  const waiting: (() => void)[] = [];
  let busy = 0;
  let closed = false;
  const giveBack = (socket: NetlinkSocket, usable: boolean) => {
    busy--;
    if (usable && !closed) idle.push(socket);
    else socket.close();
    if (closed && busy === 0) onClose();
    waiting.shift()?.();
  };
  return {
    use: async (conversation) => {
      while (busy >= maxSockets) await new Promise<void>((resolve) => waiting.push(resolve));
      if (closed) throw new PodwireError("INTERNAL", "the netlink connection is closed");
      const socket = idle.pop() ?? open();
      busy++;
      let usable = false;
      try {
        const result = await conversation(socket);
        usable = true;
        return result;
      } finally {
        giveBack(socket, usable);
      }
    },
    close: () => {
      if (closed) return;
      closed = true;
      for (const socket of idle.splice(0)) socket.close();
      if (busy === 0) onClose();
    },
  };
}
