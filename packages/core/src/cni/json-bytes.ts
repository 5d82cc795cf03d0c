/** Walking over JSON that has not been parsed yet, or that cannot be. */

export const byteOf = {
  quote: 0x22,
  backslash: 0x5c,
  colon: 0x3a,
  openBrace: 0x7b,
  closeBrace: 0x7d,
  openBracket: 0x5b,
  closeBracket: 0x5d,
} as const;

/** Index of the quote that ends the string whose first quote is at `start`, or -1 when it does not end before `end`. */
export function closingQuote(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    if (bytes[at] === byteOf.backslash) at++;
    else if (bytes[at] === byteOf.quote) return at;
  }
  return -1;
}

/** +1 for a byte that opens an object or a list, -1 for one that closes it, else 0. */
export function nestingStep(byte: number | undefined): -1 | 0 | 1 {
  if (byte === byteOf.openBrace || byte === byteOf.openBracket) return 1;
  if (byte === byteOf.closeBrace || byte === byteOf.closeBracket) return -1;
  return 0;
}
