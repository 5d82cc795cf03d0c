import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isPodwireError } from "../errors/podwire-error.ts";
import { encodeUtf8 } from "../runtime/utf8.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frame.ts";

/** What an environment can hold: no zero byte anywhere, no `=` in a name, well-formed UTF-8. */
const name = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 12 }).filter((text) => !/[=\0]/.test(text));
const value = fc
  .string({ unit: "grapheme", maxLength: 40 })
  .filter((text) => !text.includes("\0") && text.isWellFormed());
const anyFrame: fc.Arbitrary<Frame> = fc.record({
  deadlineMs: fc.nat(300_000),
  madeMs: fc.nat({ max: 2 ** 40 }),
  environment: fc
    .array(
      fc.tuple(
        name.map((text) => `CNI_${text}`),
        value,
      ),
      { maxLength: 64 },
    )
    .map((pairs) => new Map(pairs)),
  stdin: fc.uint8Array({ maxLength: 300 }),
});

describe("a frame", () => {
  it("survives its bytes", () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
      }),
    );
  });

  it("cut short anywhere before standard input is refused", () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), (frame, seed) => {
        const head = encodeFrame({ ...frame, stdin: new Uint8Array() });
        expect(codeOf(head.subarray(0, seed % head.length))).toBe("DECODING_FAILURE");
      }),
    );
  });

  it("of hostile bytes is read or refused, never anything else", () => {
    const mutated = fc.tuple(anyFrame, fc.nat(), fc.nat(255)).map(([frame, seed, byte]) => {
      const bytes = encodeFrame(frame);
      bytes[seed % bytes.length] = byte;
      return bytes;
    });
    const headed = fc.uint8Array({ maxLength: 200 }).map((rest) => {
      return Uint8Array.from([...encodeUtf8("podwire-cni/1 30000 5\n"), ...rest]);
    });
    fc.assert(
      fc.property(fc.oneof(mutated, headed, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        expect([undefined, "DECODING_FAILURE"]).toContain(codeOf(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it("passes bytes that are no UTF-8 on as they came in standard input", () => {
    const stdin = Uint8Array.from([0xff, 0x00, 0xc0, 0x0a]);
    expect(decodeFrame(encodeFrame({ ...empty, stdin })).stdin).toEqual(stdin);
  });

  it("shows bytes that are no UTF-8 in a variable as U+FFFD", () => {
    const bytes = Uint8Array.from([...encodeUtf8("podwire-cni/1 1 1\nCNI_X="), 0xff, 0, 0]);
    expect(decodeFrame(bytes).environment.get("CNI_X")).toBe("\ufffd");
  });

  it("is written as the client in C writes it", () => {
    const frame = { ...empty, environment: new Map([["CNI_COMMAND", "ADD"]]), stdin: encodeUtf8("{}") };
    expect(encodeFrame(frame)).toEqual(encodeUtf8("podwire-cni/1 30000 5\nCNI_COMMAND=ADD\0\0{}"));
  });
});

const tooMany = Array.from({ length: 65 }, (_, index) => `CNI_${index}=\0`).join("");

test.each([
  ["nothing", ""],
  ["another protocol", "GET / HTTP/1.1\n\0"],
  ["another version", "podwire-cni/2 1 1\n\0"],
  ["no times", "podwire-cni/1\n\0"],
  ["a negative time", "podwire-cni/1 -1 1\n\0"],
  ["a time that is too long", "podwire-cni/1 12345678901 1\n\0"],
  ["no line feed", "podwire-cni/1 1 1 \0"],
  ["a carriage return", "podwire-cni/1 1 1\r\n\0"],
  ["no end of the variables", "podwire-cni/1 1 1\nCNI_A=1\0"],
  ["a variable without a value", "podwire-cni/1 1 1\nCNI_A\0\0"],
  ["a variable without a name", "podwire-cni/1 1 1\n=1\0\0"],
  ["too many variables", `podwire-cni/1 1 1\n${tooMany}\0`],
])("a request with %s is refused", (_, text) => {
  expect(codeOf(encodeUtf8(text))).toBe("DECODING_FAILURE");
});

const empty: Frame = { deadlineMs: 30_000, madeMs: 5, environment: new Map(), stdin: new Uint8Array() };

function codeOf(bytes: Uint8Array): string | undefined {
  try {
    decodeFrame(bytes);
    return undefined;
  } catch (thrown) {
    return isPodwireError(thrown) ? thrown.code : String(thrown);
  }
}
