import { protocol } from "../rpc/protocol.ts";
import { byteOf, closingQuote, nestingStep } from "./json-bytes.ts";
import { isPlausibleVersion, newestVersion, supportedVersions } from "./versions.ts";

/**
 * The answer to VERSION, from standard input as it came: the version asked for is echoed if it can be found (whether
 * podwire speaks it or not), else it is 1.1.0. Never fails: podman asks with half an environment, libcni with none.
 */
export function answerVersion(stdin: Uint8Array): string {
  return JSON.stringify({ cniVersion: scanCniVersion(stdin) ?? newestVersion, supportedVersions });
}

/**
 * The `cniVersion` of a network configuration that may be anything: one pass over the bytes, no memory, no JSON parser.
 * It stands in the answer to VERSION and in every CNI error object. The client in C does exactly the same:
 *
 * 1. Look at one byte after the other, at most `maxStdinBytes` of them, with a depth that starts at 0.
 * 2. `{` and `[` add 1 to the depth, `}` and `]` take 1 off (it may become negative). Any other byte that is not `"` is
 *    passed over, whatever it is: white space, a byte order mark, zero bytes, letters.
 * 3. At a `"`, find the end of the string: the next `"`, where a `\` makes the byte behind it count for nothing. No end
 *    in sight: the version is unknown, stop.
 * 4. If the depth is 1 and the bytes between the quotes are exactly `cniVersion` (an escaped spelling does not
 *    count), pass over white space (space, tab, CR, LF). If what follows is a `:`, the decision falls here: pass over
 *    it and over white space; if a string follows, and its bytes are three groups of one to four ASCII digits with a
 *    `.` between them, that is the version; in any other case the version is unknown. Either way stop.
 * 5. Otherwise (another string, or no `:`) go on behind the end of the string.
 * 6. No byte left: the version is unknown.
 */
export function scanCniVersion(stdin: Uint8Array): string | undefined {
  const end = Math.min(stdin.length, protocol.maxStdinBytes);
  let depth = 0;
  for (let at = 0; at < end; at++) {
    depth += nestingStep(stdin[at]);
    if (stdin[at] !== byteOf.quote) continue;
    const close = closingQuote(stdin, at, end);
    if (close < 0) return undefined;
    if (depth === 1 && asciiText(stdin, at + 1, close) === "cniVersion") {
      const colon = skipWhiteSpace(stdin, close + 1, end);
      if (stdin[colon] === byteOf.colon && colon < end) return versionAt(stdin, colon + 1, end);
    }
    at = close;
  }
  return undefined;
}

function versionAt(bytes: Uint8Array, start: number, end: number): string | undefined {
  const quote = skipWhiteSpace(bytes, start, end);
  if (quote >= end || bytes[quote] !== byteOf.quote) return undefined;
  const text = asciiText(bytes, quote + 1, closingQuote(bytes, quote, end));
  return text !== undefined && isPlausibleVersion(text) ? text : undefined;
}

/** The bytes of [start, end) as characters; undefined if they are more than any text looked for here has. */
function asciiText(bytes: Uint8Array, start: number, end: number): string | undefined {
  return end < start || end - start > 16 ? undefined : String.fromCharCode(...bytes.subarray(start, end));
}

function skipWhiteSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0a || bytes[at] === 0x0d)) at++;
  return at;
}
