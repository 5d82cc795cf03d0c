import type { HostEvent } from "@podwire/core";
import { readAttributes, readText } from "../netlink/attributes.ts";
import { messageType } from "../netlink/constants.ts";
import { decodeLink, type Link } from "../netlink/link.ts";
import type { NetlinkMessage } from "../netlink/message.ts";
import { decodeNeigh } from "../netlink/neigh.ts";
import { attachmentOfLink } from "../veth/attachment-link.ts";

/** Knows which links are podwire's: a node's ordinary neighbours come and go all the time and are nobody's business. */
export interface EventDecoder {
  /** Links there are already; later ones are learnt from their events. */
  learn(links: readonly Link[]): void;
  /** Undefined when the message says nothing that matters here. */
  route(message: NetlinkMessage): HostEvent | undefined;
  nft(message: NetlinkMessage): HostEvent | undefined;
}

/** NFNL_SUBSYS_NFTABLES */
const nftSubsystem = 10;
/** Comes with every transaction and names no table. */
const nftNewGeneration = 15;
/** The table's name is attribute 1 of tables, chains, rules, sets and elements alike. */
const nftTableAttribute = 1;

/** @param table whose nft events count */
export function createEventDecoder(table: string): EventDecoder {
  const own = new Set<number>();
  return {
    learn: (links) => {
      for (const link of links) if (attachmentOfLink(link) !== undefined) own.add(link.index);
    },
    route: (message) => {
      switch (message.type) {
        case messageType.newLink:
        case messageType.delLink:
          return linkEvent(message, own);
        case messageType.newAddr:
        case messageType.delAddr:
          return { kind: "addr" };
        case messageType.newRoute:
        case messageType.delRoute:
          return { kind: "route" };
        case messageType.newRule:
        case messageType.delRule:
          return { kind: "rule" };
        case messageType.newNeigh:
        case messageType.delNeigh:
          return own.has(neighIndex(message.body)) ? { kind: "neigh" } : undefined;
        default:
          return undefined;
      }
    },
    nft: ({ type, body }) => {
      if (type >> 8 !== nftSubsystem || (type & 0xff) === nftNewGeneration) return undefined;
      return readText(readAttributes(body, 4), nftTableAttribute) === table ? { kind: "nft" } : undefined;
    },
  };
}

function linkEvent({ type, body }: NetlinkMessage, own: Set<number>): HostEvent | undefined {
  const link = decodeLink(body);
  if (link === undefined) return undefined;
  const deleted = type === messageType.delLink;
  if (deleted) own.delete(link.index);
  else if (attachmentOfLink(link) !== undefined) own.add(link.index);
  return {
    kind: "link",
    ifName: link.name,
    ...(link.mac === undefined ? {} : { mac: link.mac }),
    change: deleted ? "deleted" : "changed",
  };
}

/** Also of a neighbour without a MAC address: that is what a deleted one looks like. */
function neighIndex(body: Buffer): number {
  return decodeNeigh(body)?.ifIndex ?? (body.length >= 8 ? body.readUInt32LE(4) : 0);
}
