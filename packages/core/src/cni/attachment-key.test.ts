import { expect, test } from "vitest";
import { attachmentKey, formatAttachmentKey, maxAttachmentKeyBytes } from "./attachment-key.ts";

const room = maxAttachmentKeyBytes - "c1".length - "eth0".length;

test("a key of parts that just fit is made", () => {
  const network = "n".repeat(room);
  expect(attachmentKey(network, "c1", "eth0")).toEqual({ network, containerId: "c1", ifName: "eth0" });
});

test("a key that would not fit into a link's alias is refused by name and length", () => {
  expect(() => attachmentKey("n".repeat(room + 1), "c1", "eth0")).toThrow(
    expect.objectContaining({
      code: "INVALID_NETWORK_CONFIG",
      field: "name",
      message: expect.stringContaining("takes 201 bytes, at most 200 are possible"),
    }),
  );
});

test("keys that differ in any part differ as text", () => {
  const texts = ["a", "a.b"].flatMap((network) =>
    ["b", "b.c"].flatMap((containerId) =>
      ["c", "d"].map((ifName) => formatAttachmentKey({ network, containerId, ifName })),
    ),
  );
  expect(new Set(texts).size).toBe(8);
});
