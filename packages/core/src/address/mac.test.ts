import fc from "fast-check";
import { expect, test } from "vitest";
import { macBytes, macFromBytes, parseMac, tryParseMac } from "./mac.ts";

test("a MAC address survives text and bytes in either case", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      const mac = macFromBytes(bytes);
      expect(macBytes(mac)).toEqual(bytes);
      expect(parseMac(mac.toUpperCase())).toBe(mac);
    }),
  );
});

test.each([
  "",
  "02:00:00:00:00",
  "02:00:00:00:00:00:00",
  "02-00-00-00-00-00",
  "020000000000",
  "02:00:00:00:00:0g",
  "02:00:00:00:00:00\n",
])("%j is no MAC address", (text) => {
  expect(tryParseMac(text)).toBeUndefined();
  expect(() => parseMac(text, "mac")).toThrow(expect.objectContaining({ code: "INVALID_ADDRESS", field: "mac" }));
});

test.each([0, 5, 7])("%i bytes are no MAC address", (length) => {
  expect(() => macFromBytes(new Uint8Array(length))).toThrow(expect.objectContaining({ code: "INVALID_ADDRESS" }));
});
