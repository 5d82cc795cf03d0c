import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { errorFrom, isPodwireError, PodwireError, quoteValue } from "./podwire-error.ts";

describe("an error", () => {
  it("takes number and retry class from its code", () => {
    const error = new PodwireError("SUBNET_EXHAUSTED", "subnet-1 is full");
    expect([error.cniCode, error.retry, error.message]).toEqual([112, "later", "subnet-1 is full"]);
  });

  it("keeps its facts and its cause", () => {
    const cause = new Error("below");
    const facts = { op: "assign", field: "f", value: "v", details: "d", retryAfterMs: 7, cause };
    expect(new PodwireError("CLOUD_THROTTLED", "slow down", facts)).toMatchObject(facts);
  });

  it("is recognised by code", () => {
    const error = new PodwireError("CANCELLED", "gone");
    expect(isPodwireError(error)).toBe(true);
    expect(isPodwireError(error, "CANCELLED")).toBe(true);
    expect(isPodwireError(error, "INTERNAL")).toBe(false);
    expect(isPodwireError(new Error("gone"))).toBe(false);
  });
});

describe("what was thrown", () => {
  it("stays as it is when it is an error of ours", () => {
    const error = new PodwireError("CANCELLED", "gone");
    expect(errorFrom(error, "read")).toBe(error);
  });

  it("becomes INTERNAL with its message, cause and operation otherwise", () => {
    const cause = new TypeError("x is not a function");
    expect(errorFrom(cause, "read")).toMatchObject({ code: "INTERNAL", message: cause.message, cause, op: "read" });
  });

  it("becomes INTERNAL whatever it is", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        expect(errorFrom(thrown).code).toBe("INTERNAL");
      }),
    );
  });
});

describe("a quoted value", () => {
  it.each([
    ["a text", "eth0", '"eth0"'],
    ["a number", 5, "5"],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a list", ["a", 1], '["a",1]'],
    ["a big number", 10n, "10"],
    ["a quote and a backslash", '"\\', '"\\"\\\\"'],
    ["a line feed", "a\nb", '"a\\nb"'],
    ["an escape sequence", "\u001b[2J", '"\\u001b[2J"'],
    ["a C1 control", "\u009b2J", '"\\u{9b}2J"'],
    ["a change of direction", "a\u202eb", '"a\\u{202e}b"'],
    ["a line separator", "a\u2028b", '"a\\u{2028}b"'],
    ["a cycle", cycle(), "a value of type object"],
    ["what refuses to be written", { toJSON: refuse }, "a value of type object"],
  ])("is %s", (_, value, text) => {
    expect(quoteValue(value)).toBe(text);
  });

  it("is at most 80 characters of one line, whatever the value", () => {
    const hostile = fc.oneof(
      fc.anything(),
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ minLength: 200 }),
    );
    fc.assert(
      fc.property(hostile, (value) => {
        const text = quoteValue(value);
        expect(Array.from(text).length).toBeLessThanOrEqual(80);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
      { numRuns: 500 },
    );
  });

  it("shows the beginning of a long text", () => {
    expect(quoteValue("x".repeat(1_000_000))).toBe(`"${"x".repeat(76)}…`);
  });
});

test("nothing quoted twice loses its meaning", () => {
  expect(JSON.parse(quoteValue('a"b\\c\n'))).toBe('a"b\\c\n');
});

function cycle(): unknown {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}

function refuse(): never {
  throw new Error("no");
}
