import { parseAddress, parseMac } from "@podwire/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replaceAddr } from "../netlink/addr.ts";
import { messageType } from "../netlink/constants.ts";
import { type Link, setLink } from "../netlink/link.ts";
import { MessageWriter } from "../netlink/message-writer.ts";
import { replaceNeigh } from "../netlink/neigh.ts";
import { attachmentAlias, linkIdentity } from "../veth/attachment-link.ts";
import { createEventDecoder } from "./decode-event.ts";

const key = { network: "pods", containerId: "c1", ifName: "eth0" };
const { hostIfName, hostMac } = linkIdentity(key);
const mac = parseMac("02:00:00:00:00:01");

const message = (type: number, body: Buffer) => ({ type, flags: 0, sequence: 0, body });
const ownLink = (type: number) =>
  message(type, numbered(setLink(hostIfName, { alias: attachmentAlias(key), mac: hostMac }).body, 9));
const neigh = (type: number, ifIndex: number) =>
  message(type, replaceNeigh({ ifIndex, address: parseAddress("10.0.0.1"), mac }).body);

/** A link's message with its index, as the kernel sends it: requests by name have none. */
function numbered(body: Buffer, index: number): Buffer {
  body.writeInt32LE(index, 4);
  return body;
}

describe("messages of rtnetlink", () => {
  const addr = replaceAddr({ ifIndex: 2, address: parseAddress("10.0.0.1"), prefixLength: 32, protocol: 0 }).body;
  const rows: [string, ReturnType<typeof message>, unknown][] = [
    [
      "a link",
      message(messageType.newLink, setLink("eth1", { mac }).body),
      { kind: "link", ifName: "eth1", mac, change: "changed" },
    ],
    [
      "a link without MAC",
      message(messageType.newLink, setLink("tun0", {}).body),
      { kind: "link", ifName: "tun0", change: "changed" },
    ],
    [
      "a link that is gone",
      message(messageType.delLink, setLink("eth1", {}).body),
      { kind: "link", ifName: "eth1", change: "deleted" },
    ],
    ["an address", message(messageType.delAddr, addr), { kind: "addr" }],
    ["a route", message(messageType.newRoute, Buffer.alloc(12)), { kind: "route" }],
    ["a rule", message(messageType.delRule, Buffer.alloc(12)), { kind: "rule" }],
    ["a neighbour of the node", neigh(messageType.newNeigh, 2), undefined],
    ["something else", message(100, Buffer.alloc(40)), undefined],
    ["a link cut off", message(messageType.newLink, Buffer.alloc(3)), undefined],
  ];
  test.each(rows)("%s", (_, one, expected) => expect(createEventDecoder("podwire").route(one)).toEqual(expected));
});

describe("neighbours count on links of podwire", () => {
  test("that were there before", () => {
    const decoder = createEventDecoder("podwire");
    decoder.learn([{ index: 9, name: hostIfName, alias: attachmentAlias(key) } as Link]);
    expect(decoder.route(neigh(messageType.delNeigh, 9))).toEqual({ kind: "neigh" });
  });

  test("from the event that shows the link to the one that takes it away", () => {
    const decoder = createEventDecoder("podwire");
    decoder.route(ownLink(messageType.newLink));
    expect(decoder.route(neigh(messageType.newNeigh, 9))).toEqual({ kind: "neigh" });
    decoder.route(ownLink(messageType.delLink));
    expect(decoder.route(neigh(messageType.newNeigh, 9))).toBeUndefined();
  });
});

describe("messages of nftables", () => {
  const body = (table: string) => new MessageWriter().u32(0).attributeText(1, table).finish();
  const nft = (number: number, bytes: Buffer) => message((10 << 8) | number, bytes);
  const decoder = createEventDecoder("podwire");
  test.each([
    ["a rule of podwire's table", nft(6, body("podwire")), { kind: "nft" }],
    ["podwire's table deleted", nft(2, body("podwire")), { kind: "nft" }],
    ["a rule of another table", nft(6, body("kube-proxy")), undefined],
    ["a new generation", nft(15, body("podwire")), undefined],
    ["another subsystem", message((1 << 8) | 6, body("podwire")), undefined],
    ["a message cut off", nft(6, Buffer.alloc(2)), undefined],
  ])("%s", (_, one, expected) => expect(decoder.nft(one)).toEqual(expected));
});

test("any bytes are survived", () => {
  const decoder = createEventDecoder("podwire");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), fc.uint8Array({ maxLength: 80 }), (type, bytes) => {
      const one = message(type, Buffer.from(bytes));
      decoder.route(one);
      decoder.nft(one);
    }),
  );
});
