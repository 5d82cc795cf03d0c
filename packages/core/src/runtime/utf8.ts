/** UTF-8 in a package that has no platform types. Ill-formed bytes become U+FFFD; `isWellFormedUtf8` tells. */
interface Utf8Platform {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder: new (
    label: "utf-8",
    options: { readonly fatal?: boolean; readonly ignoreBOM?: boolean },
  ) => { decode(bytes: Uint8Array): string };
}

const platform = globalThis as unknown as Utf8Platform;

export function encodeUtf8(text: string): Uint8Array {
  return new platform.TextEncoder().encode(text);
}

/** A byte order mark at the start is dropped. */
export function decodeUtf8(bytes: Uint8Array): string {
  return new platform.TextDecoder("utf-8", {}).decode(bytes);
}

export function isWellFormedUtf8(bytes: Uint8Array): boolean {
  try {
    new platform.TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
