import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { encodeUtf8 } from "../runtime/utf8.ts";
import { answerVersion, scanCniVersion } from "./version-answer.ts";

/** Also the vectors for the client in C: what stands on standard input, and what is found in it. */
test.each([
  ["a plain request", '{"cniVersion":"1.0.0"}', "1.0.0"],
  ["white space of every kind", '{ \t\r\n"cniVersion" \t\r\n: \t\r\n"0.4.0"}', "0.4.0"],
  ["a byte order mark", '\ufeff{"cniVersion":"0.4.0"}', "0.4.0"],
  ["a version podwire does not speak", '{"cniVersion":"9.10.1234"}', "9.10.1234"],
  ["other keys before", '{"name":"n","a":{"b":[1,{"c":null}]},"cniVersion":"0.3.1"}', "0.3.1"],
  ["garbage behind", '{"cniVersion":"0.3.1"]]]nonsense', "0.3.1"],
  ["truncated JSON", '{"cniVersion":"0.3.1","name":"n', "0.3.1"],
  ["the key as a value before", '{"name":"cniVersion","cniVersion":"0.3.1"}', "0.3.1"],
  ["the key in an escaped string", '{"name":"\\"cniVersion\\":\\"9.9.9\\"","cniVersion":"0.3.1"}', "0.3.1"],
  ["a string that ends in a backslash", '{"name":"\\\\","cniVersion":"0.3.1"}', "0.3.1"],
  ["a nested version before", '{"args":{"cniVersion":"9.9.9"},"cniVersion":"0.3.1"}', "0.3.1"],
  ["brackets in strings", '{"a":"}}]","b":"{[","cniVersion":"0.3.1"}', "0.3.1"],
  ["the key twice: the first", '{"cniVersion":"0.3.1","cniVersion":"0.4.0"}', "0.3.1"],
  ["nothing", "", undefined],
  ["an empty object", "{}", undefined],
  ["an empty version", '{"cniVersion":""}', undefined],
  ["a version that is no text", '{"cniVersion":1.0}', undefined],
  ["a version of two numbers", '{"cniVersion":"1.0"}', undefined],
  ["a version of words", '{"cniVersion":"latest"}', undefined],
  ["a version with a suffix", '{"cniVersion":"1.0.0-rc1"}', undefined],
  ["a version of five digits", '{"cniVersion":"10000.0.0"}', undefined],
  ["a version with an escape", '{"cniVersion":"1.0.\\u0030"}', undefined],
  ["a version with digits of another script", '{"cniVersion":"\u0661.0.0"}', undefined],
  ["an implausible version, then a plausible one", '{"cniVersion":"x","cniVersion":"0.4.0"}', undefined],
  ["a version that does not end", '{"cniVersion":"1.0.0', undefined],
  ["a key without anything behind", '{"cniVersion"', undefined],
  ["a key with a colon and nothing behind", '{"cniVersion":', undefined],
  ["a string that does not end before the key", '{"a":"b,cniVersion:1.0.0}', undefined],
  ["the key outside of an object", '"cniVersion":"1.0.0"', undefined],
  ["the key in a list of objects", '[{"cniVersion":"1.0.0"}]', undefined],
  ["the key in a list", '["cniVersion","1.0.0"]', undefined],
  ["the key in capitals", '{"CNIVERSION":"1.0.0"}', undefined],
  ["the key spelled with an escape", '{"cni\\u0056ersion":"1.0.0"}', undefined],
  ["a key that begins alike", '{"cniVersions":"1.0.0"}', undefined],
  ["a depth that went below zero", '}{"cniVersion":"1.0.0"}', undefined],
])("the version of %s is found or not", (_, text, version) => {
  expect(scanCniVersion(encodeUtf8(text))).toBe(version);
});

describe("the scan", () => {
  it("agrees with a JSON parser on every object", () => {
    const version = fc.tuple(fc.nat(9999), fc.nat(9999), fc.nat(9999)).map((parts) => parts.join("."));
    const key = fc.oneof(fc.constantFrom("cniVersion", "a", "prevResult"), fc.string());
    const scalar = fc.oneof(version, fc.string(), fc.integer(), fc.constant(null));
    const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.dictionary(key, scalar, { maxKeys: 3 }));
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 5 }), fc.nat(2), (object, indent) => {
        const stated = Object.hasOwn(object, "cniVersion") ? object["cniVersion"] : undefined;
        const plausible = typeof stated === "string" && /^[0-9]{1,4}(\.[0-9]{1,4}){2}$/.test(stated);
        const bytes = encodeUtf8(JSON.stringify(object, undefined, indent));
        expect(scanCniVersion(bytes)).toBe(plausible ? stated : undefined);
      }),
      { numRuns: 500 },
    );
  });

  it("survives any bytes", () => {
    const pieces = ["{", "}", "[", "]", '"', ":", "\\", " ", "\0", '"cniVersion"', '"1.0.0"'];
    const nearly = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => encodeUtf8(parts.join("")));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), nearly), (bytes) => {
        expect(scanCniVersion(bytes) ?? "0.0.0").toMatch(/^\d{1,4}\.\d{1,4}\.\d{1,4}$/);
      }),
      { numRuns: 1000 },
    );
  });

  it("finds a version behind a megabyte of other keys", () => {
    expect(scanCniVersion(encodeUtf8(`{"a":"${"x".repeat(1_000_000)}","cniVersion":"1.1.0"}`))).toBe("1.1.0");
  });

  it("stops at the most bytes that are read", () => {
    expect(scanCniVersion(encodeUtf8(`{${" ".repeat(4 * 1024 * 1024)}"cniVersion":"1.1.0"}`))).toBeUndefined();
  });
});

test.each([
  ['{"cniVersion":"0.4.0"}', "0.4.0"],
  ["", "1.1.0"],
  ["nonsense", "1.1.0"],
])("VERSION on %j answers %s and all supported versions", (text, version) => {
  expect(answerVersion(encodeUtf8(text))).toBe(
    `{"cniVersion":"${version}","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}`,
  );
});
