import fc from "fast-check";
import { expect, test } from "vitest";
import { isPodwireError } from "../errors/podwire-error.ts";
import { protocol } from "../rpc/protocol.ts";
import { encodeUtf8 } from "../runtime/utf8.ts";
import { decodeJsonObject } from "./json-object.ts";

test.each([
  ["a byte order mark", '\ufeff{"name":"n"}', { name: "n" }],
  ["CRLF", '{\r\n"name":\r\n"n"\r\n}\r\n', { name: "n" }],
  ["a key twice: the last one", '{"name":"a","name":"n"}', { name: "n" }],
  ["brackets inside a string", `{"name":"${"[".repeat(100)}"}`, { name: "[".repeat(100) }],
  ["an escaped quote before brackets", `{"name":"\\"${"{".repeat(100)}"}`, { name: `"${"{".repeat(100)}` }],
  ["64 levels", `${'{"a":'.repeat(63)}{}${"}".repeat(63)}`, undefined],
])("standard input with %s is read", (_, text, value) => {
  const decoded = decodeJsonObject(encodeUtf8(text));
  if (value !== undefined) expect(decoded).toEqual(value);
});

test("a key __proto__ is only data", () => {
  const decoded = decodeJsonObject(encodeUtf8('{"__proto__":{"name":"evil"}}'));
  expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  expect(Object.keys(decoded)).toEqual(["__proto__"]);
});

test("a megabyte of unknown keys is fine", () => {
  const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`key-${index}`, "x".repeat(40)]));
  const stdin = encodeUtf8(JSON.stringify({ ...unknown, name: "n" }));
  expect(stdin.length).toBeGreaterThan(1_000_000);
  expect(decodeJsonObject(stdin)).toHaveProperty("name", "n");
});

test.each([
  ["nothing", "", "standard input is empty"],
  ["white space", " \n", "standard input is not JSON"],
  ["a truncated object", '{"name":"n', "standard input is not JSON"],
  ["two objects", "{}{}", "standard input is not JSON"],
  ["a comment", "{} // no", "standard input is not JSON"],
  ["a zero byte", "\0", "standard input is not JSON"],
  ["a list", "[1]", "standard input is a list where an object is expected"],
  ["a text", '"x"', 'standard input is "x" where an object is expected'],
  ["null", "null", "standard input is null where an object is expected"],
  ["100,000 brackets", "[".repeat(100_000), "standard input is nested deeper than 64 levels"],
  ["65 levels", `${'{"a":'.repeat(64)}{}${"}".repeat(64)}`, "standard input is nested deeper than 64 levels"],
  ["100,000 objects", '{"a":'.repeat(100_000), "standard input is nested deeper than 64 levels"],
])("standard input that is %s is refused", (_, text, message) => {
  expect(() => decodeJsonObject(encodeUtf8(text))).toThrow(
    expect.objectContaining({ code: "DECODING_FAILURE", cniCode: 6, message }),
  );
});

test.each([
  ["no UTF-8", Uint8Array.from([0x7b, 0xff, 0x7d]), "standard input is not UTF-8"],
  ["UTF-16", Uint8Array.from([0xff, 0xfe, 0x7b, 0x00]), "standard input is not UTF-8"],
  [
    "too long",
    new Uint8Array(protocol.maxStdinBytes + 1).fill(0x20),
    "standard input has 4194305 bytes, at most 4194304 are possible",
  ],
])("bytes that are %s are refused", (_, bytes, message) => {
  expect(() => decodeJsonObject(bytes)).toThrow(expect.objectContaining({ code: "DECODING_FAILURE", message }));
});

test("whatever comes in, an object comes out or DECODING_FAILURE", () => {
  const cut = fc.tuple(fc.json(), fc.nat()).map(([text, at]) => encodeUtf8(text.slice(0, at)));
  fc.assert(
    fc.property(fc.oneof(cut, fc.uint8Array(), fc.json().map(encodeUtf8)), (bytes) => {
      try {
        expect(typeof decodeJsonObject(bytes)).toBe("object");
      } catch (thrown) {
        expect(isPodwireError(thrown, "DECODING_FAILURE")).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
