import type { AttachmentKey } from "@podwire/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Link } from "../netlink/link.ts";
import { attachmentAlias, attachmentOfLink, hostEndsAmong, isHostEnd, linkIdentity } from "./attachment-link.ts";

const part = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,40}$/);
const key = fc.record<AttachmentKey>({ network: part, containerId: part, ifName: part });
const sample: AttachmentKey = { network: "pods", containerId: "c1", ifName: "eth0" };

function link(changes: Partial<Link>): Link {
  return {
    index: 7,
    name: linkIdentity(sample).hostIfName,
    mac: linkIdentity(sample).hostMac,
    mtuBytes: 1500,
    up: true,
    alias: attachmentAlias(sample),
    kind: "veth",
    group: 0,
    peerIndex: 2,
    peerNetnsId: 0,
    rpFilter: 1,
    ...changes,
  };
}

describe("names and MAC addresses", () => {
  test("fit the kernel and follow from the key", () => {
    fc.assert(
      fc.property(key, (one) => {
        const identity = linkIdentity(one);
        expect(identity.hostIfName).toMatch(/^pw[0-9a-f]{12}$/);
        for (const mac of [identity.hostMac, identity.podMac]) {
          // Locally administered and not multicast.
          expect(Number.parseInt(mac.slice(0, 2), 16) & 3).toBe(2);
        }
        expect(linkIdentity({ ...one })).toEqual(identity);
      }),
    );
  });

  test("differ with every part of the key", () => {
    const keys = [sample, { ...sample, network: "x" }, { ...sample, containerId: "x" }, { ...sample, ifName: "x" }];
    expect(new Set(keys.map((one) => linkIdentity(one).hostIfName)).size).toBe(keys.length);
  });
});

describe("the alias", () => {
  test("tells the key again", () => {
    fc.assert(
      fc.property(key, (one) => {
        const { hostIfName: name } = linkIdentity(one);
        expect(attachmentOfLink(link({ name, alias: attachmentAlias(one) }))).toEqual(one);
      }),
    );
  });

  test.each<[string, Partial<Link>]>([
    ["no alias", { alias: undefined }],
    ["somebody else's alias", { alias: "uplink" }],
    ["too few parts", { alias: "podwire:pods/c1" }],
    ["too many parts", { alias: "podwire:pods/c1/eth0/x" }],
    ["an empty part", { alias: "podwire:pods//eth0" }],
    ["the alias of another name", { name: "pw000000000000" }],
  ])("with %s the link is nobody's attachment", (_, changes) => {
    expect(attachmentOfLink(link(changes))).toBeUndefined();
  });

  test("that would not fit a link is refused before anything is made", () => {
    const containerId = "c".repeat(247 - "pods//eth0".length);
    expect(Buffer.byteLength(attachmentAlias({ ...sample, containerId }))).toBe(255);
    expect(() => attachmentAlias({ ...sample, containerId: `${containerId}c` })).toThrow(
      expect.objectContaining({ code: "NOT_SUPPORTED" }),
    );
  });
});

describe("the host end is", () => {
  test.each<[string, boolean, Partial<Link>]>([
    ["the link of name and alias", true, {}],
    ["the link of the name whose alias a crash prevented", true, { alias: undefined }],
    ["not a link of the name with another alias", false, { alias: "uplink" }],
    ["not a link of the name and another kind", false, { kind: "bridge", alias: undefined }],
    ["not a link of another name", false, { name: "pw000000000000" }],
  ])("%s, also when it is looked for among others", (_, expected, changes) => {
    const [other, one] = [link({ name: "eth0", alias: undefined, kind: undefined }), link(changes)];
    expect(isHostEnd(one, sample)).toBe(expected);
    expect(hostEndsAmong([other, one])(sample)).toBe(expected ? one : undefined);
  });

  test("found for each of many attachments, and for none that has no link", () => {
    const keys = Array.from({ length: 50 }, (_, index) => ({ ...sample, containerId: `c${index}` }));
    const links = keys.map((one) => link({ name: linkIdentity(one).hostIfName, alias: attachmentAlias(one) }));
    const hostEnd = hostEndsAmong(links);
    expect(keys.map(hostEnd)).toEqual(links);
    expect(hostEnd({ ...sample, containerId: "absent" })).toBeUndefined();
  });
});
