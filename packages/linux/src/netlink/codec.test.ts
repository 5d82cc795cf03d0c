import { addressFromBytes, type Cidr, cidrOf, type Family, macFromBytes } from "@podwire/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Addr, decodeAddr, deleteAddr, replaceAddr } from "./addr.ts";
import { readAttributes, readText, readU32 } from "./attributes.ts";
import { messageFlag, messageType } from "./constants.ts";
import { createVeth, decodeLink, setLink } from "./link.ts";
import { decodeAcknowledgement, encodeMessage, splitMessages } from "./message.ts";
import { MessageWriter } from "./message-writer.ts";
import { decodeNeigh, replaceNeigh } from "./neigh.ts";
import { decodeNetnsId } from "./netns-id.ts";
import { decodeRoute, deleteRoute, type Route, replaceRoute, sameRoute } from "./route.ts";
import { addRule, decodeRule, type Rule, sameRule } from "./rule.ts";

const u32 = fc.integer({ min: 1, max: 0xffffffff });
const u8 = fc.integer({ min: 1, max: 255 });
const family = fc.constantFrom<Family>(4, 6);
const addressOf = (f: Family) =>
  fc.uint8Array({ minLength: f === 4 ? 4 : 16, maxLength: f === 4 ? 4 : 16 }).map(addressFromBytes);
const cidr = (f: Family, minLength = 0): fc.Arbitrary<Cidr> =>
  fc.tuple(addressOf(f), fc.integer({ min: minLength, max: f === 4 ? 32 : 128 })).map(([a, l]) => cidrOf(a, l));
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(macFromBytes);
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,14}$/);
const hostile = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

const decoders = { decodeAddr, decodeLink, decodeNeigh, decodeNetnsId, decodeRoute, decodeRule };

describe("every decoder", () => {
  test.each(Object.entries(decoders))("%s survives any bytes", (_, decode) => {
    fc.assert(fc.property(hostile, (bytes) => void decode(bytes)));
  });

  test.each(Object.entries(decoders))("%s never reads beyond what it was given", (_, decode) => {
    fc.assert(
      fc.property(hostile, hostile, (bytes, after) => {
        const whole = Buffer.concat([bytes, after]);
        expect(decode(whole.subarray(0, bytes.length))).toEqual(decode(Buffer.from(bytes)));
      }),
    );
  });
});

describe("what is written is read back", () => {
  test("attributes of every kind, nested ones too", () => {
    fc.assert(
      fc.property(u32, fc.string(), fc.uint8Array({ maxLength: 40 }), (number, text, bytes) => {
        const body = new MessageWriter()
          .attribute(1, bytes)
          .attributeU32(2, number)
          .nest(3, (writer) => writer.attributeText(4, text))
          .finish();
        const attributes = readAttributes(body);
        expect(body.length % 4).toBe(0);
        expect(attributes.get(1)).toEqual(Buffer.from(bytes));
        expect(readU32(attributes, 2)).toBe(number);
        expect(readText(readAttributes(attributes.get(3) ?? body), 4)).toBe(asKernelText(text));
      }),
    );
  });

  test("addresses", () => {
    const addr = family.chain((f) =>
      fc.record<Addr>({
        ifIndex: u32,
        address: addressOf(f),
        prefixLength: fc.integer({ min: 0, max: f === 4 ? 32 : 128 }),
        protocol: u8,
      }),
    );
    fc.assert(fc.property(addr, (one) => void expect(decodeAddr(replaceAddr(one).body)).toEqual(one)));
    fc.assert(fc.property(addr, (one) => void expect(decodeAddr(deleteAddr(one).body)).toEqual(one)));
  });

  test("routes", () => {
    const unicast = family.chain((f) =>
      fc.record<Route>(
        {
          table: u32,
          type: fc.constant("unicast" as const),
          destination: cidr(f),
          protocol: u8,
          ifIndex: u32,
          gateway: addressOf(f),
          metric: fc.integer({ min: 1025, max: 0xffffffff }),
        },
        { requiredKeys: ["table", "type", "destination", "protocol"] },
      ),
    );
    const unreachable = family.chain((f) =>
      fc.record({ table: u32, type: fc.constant("unreachable" as const), destination: cidr(f), protocol: u8 }),
    );
    fc.assert(
      fc.property(fc.oneof(unicast, unreachable), (route) => {
        const decoded = decodeRoute(replaceRoute(route).body);
        expect(decoded).toEqual(route);
        expect(decoded !== undefined && sameRoute(decoded, route)).toBe(true);
        expect(decodeRoute(deleteRoute(route).body)).toEqual(route);
      }),
    );
  });

  test("rules", () => {
    const rule = family.chain((f) =>
      fc.record<Rule>(
        {
          family: fc.constant(f),
          priority: u32,
          table: u32,
          protocol: u8,
          source: cidr(f, 1),
          destination: cidr(f, 1),
          mark: fc.record({ value: u32, mask: u32 }),
          inInterface: name,
        },
        { requiredKeys: ["family", "priority", "table", "protocol"] },
      ),
    );
    fc.assert(
      fc.property(rule, (one) => {
        const decoded = decodeRule(addRule(one).body);
        expect(decoded).toEqual(one);
        expect(decoded !== undefined && sameRule(decoded, one)).toBe(true);
      }),
    );
  });

  test("permanent neighbours", () => {
    const neigh = family.chain((f) => fc.record({ ifIndex: u32, address: addressOf(f), mac }));
    fc.assert(
      fc.property(
        neigh,
        (one) => void expect(decodeNeigh(replaceNeigh(one).body)).toEqual({ ...one, permanent: true }),
      ),
    );
  });

  test("the near end of a veth, and what is set on a link", () => {
    fc.assert(
      fc.property(name, mac, fc.integer({ min: 68, max: 65535 }), (ifName, hostMac, mtuBytes) => {
        const veth = createVeth({ name: ifName, mac: hostMac, mtuBytes, peer: { name: "eth0", netnsFd: 7 } });
        expect(decodeLink(veth.body)).toMatchObject({ name: ifName, mac: hostMac, mtuBytes, kind: "veth", up: false });
        const change = setLink(ifName, { up: true, alias: "a/b", group: 3, mtuBytes });
        expect(decodeLink(change.body)).toMatchObject({ name: ifName, up: true, alias: "a/b", group: 3, mtuBytes });
      }),
    );
  });
});

describe("datagrams", () => {
  const message = fc.record({
    type: fc.integer({ min: 16, max: 0xffff }),
    flags: fc.integer({ min: 0, max: 0xffff }),
    sequence: u32,
    body: hostile,
  });

  test("hold the messages that were put in", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
        expect(splitMessages(Buffer.concat(messages.map(encodeMessage)))).toEqual(messages);
      }),
    );
  });

  test("that are cut off are refused, not read", () => {
    fc.assert(
      fc.property(message, fc.nat(), (one, cut) => {
        const whole = encodeMessage({ ...one, body: Buffer.concat([one.body, Buffer.alloc(4)]) });
        const short = whole.subarray(0, 1 + (cut % (whole.length - 4)));
        expect(() => splitMessages(short)).toThrow("is cut off at byte 0");
      }),
    );
  });

  test("of any bytes are split or refused", () => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        try {
          splitMessages(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: "KERNEL_REFUSED" });
        }
      }),
    );
  });
});

describe("acknowledgements", () => {
  const text = new MessageWriter().attributeText(1, "no such thing").finish();
  const code = (errno: number) => new MessageWriter().u32(-errno >>> 0);
  const requestHeader = (length: number) => new MessageWriter().u32(length).u16(16).u16(5).u32(1).u32(0).finish();
  const rows: [string, { type: number; flags: number; body: Buffer }, object | undefined][] = [
    ["success", { type: messageType.error, flags: 0, body: code(0).finish() }, { errno: undefined }],
    ["a refusal", { type: messageType.error, flags: 0, body: code(17).finish() }, { errno: "EEXIST", text: undefined }],
    [
      "a refusal with the kernel's text, the request left out",
      {
        type: messageType.error,
        flags: messageFlag.capped | messageFlag.ackAttributes,
        body: code(2).bytes(requestHeader(60)).bytes(text).finish(),
      },
      { errno: "ENOENT", text: "no such thing" },
    ],
    [
      "a refusal with the kernel's text, the request repeated",
      {
        type: messageType.error,
        flags: messageFlag.ackAttributes,
        body: code(2).bytes(requestHeader(20)).u32(0).bytes(text).finish(),
      },
      { errno: "ENOENT", text: "no such thing" },
    ],
    ["the end of a dump", { type: messageType.done, flags: 0, body: code(0).finish() }, { errno: undefined }],
    ["a dump that failed", { type: messageType.done, flags: 0, body: code(105).finish() }, { errno: "ENOBUFS" }],
    ["a refusal without a reason", { type: messageType.error, flags: 0, body: Buffer.alloc(2) }, { errno: "EBADMSG" }],
    ["anything else", { type: messageType.newLink, flags: 0, body: Buffer.alloc(16) }, undefined],
  ];

  test.each(rows)("%s", (_, message, expected) => {
    const decoded = decodeAcknowledgement({ ...message, sequence: 1 });
    if (expected === undefined) expect(decoded).toBeUndefined();
    else expect(decoded).toMatchObject(expected);
  });
});

/** The kernel's texts end at the first zero byte and are UTF-8. */
function asKernelText(text: string): string {
  return Buffer.from(text.split("\0", 1)[0] ?? "").toString();
}
