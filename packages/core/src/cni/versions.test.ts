import { describe, expect, it, test } from "vitest";
import { type CniVerb, cniVerbs, isCniVerb } from "./verbs.ts";
import { compareVersions, negotiateVersion, newestVersion, supportedVersions } from "./versions.ts";

/** The verbs each version has (CNI conformance 1.1: CHECK since 0.4.0, GC and STATUS since 1.1.0). */
const verbsOf: Readonly<Record<string, readonly CniVerb[]>> = {
  "0.1.0": ["ADD", "DEL", "VERSION"],
  "0.2.0": ["ADD", "DEL", "VERSION"],
  "0.3.0": ["ADD", "DEL", "VERSION"],
  "0.3.1": ["ADD", "DEL", "VERSION"],
  "0.4.0": ["ADD", "DEL", "CHECK", "VERSION"],
  "1.0.0": ["ADD", "DEL", "CHECK", "VERSION"],
  "1.1.0": ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"],
};

describe.each(supportedVersions)("version %s", (version) => {
  it.each(cniVerbs)("and %s agree as the specification says", (verb) => {
    if (verbsOf[version]?.includes(verb)) return expect(negotiateVersion(verb, version)).toBe(version);
    expect(() => negotiateVersion(verb, version)).toThrow(
      expect.objectContaining({ code: "INCOMPATIBLE_CNI_VERSION", field: "cniVersion" }),
    );
  });
});

test.each([undefined, null, ""])("cniVersion %j means 0.1.0", (absent) => {
  expect(negotiateVersion("ADD", absent)).toBe("0.1.0");
  expect(() => negotiateVersion("STATUS", absent)).toThrow('cniVersion "0.1.0" does not allow STATUS');
});

test.each(["0.0.0", "0.3.2", "1.2.0", "2.0.0", "9999.9999.9999"])(
  "version %s is incompatible, with a list",
  (version) => {
    expect(() => negotiateVersion("ADD", version)).toThrow(
      expect.objectContaining({
        code: "INCOMPATIBLE_CNI_VERSION",
        message: `cniVersion "${version}" is not supported`,
        details: "supported versions: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0",
      }),
    );
  },
);

test.each([1, 1.1, true, {}, [], "1", "1.0", "v1.0.0", "1.0.0-rc1", " 1.0.0", "1.0.0\n", "1.0.0.0", "a.b.c"])(
  "%j is no version at all",
  (version) => {
    expect(() => negotiateVersion("ADD", version)).toThrow(expect.objectContaining({ code: "DECODING_FAILURE" }));
  },
);

test("versions are listed oldest first and compare so", () => {
  expect(supportedVersions.toReversed().sort(compareVersions)).toEqual(supportedVersions);
  expect(supportedVersions.at(-1)).toBe(newestVersion);
});

test.each(["add", "", "ADD ", "toString", "UPDATE"])("%j is no verb", (text) => {
  expect(isCniVerb(text)).toBe(false);
});
