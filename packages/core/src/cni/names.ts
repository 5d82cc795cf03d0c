/**
 * Whether a text is a network's `name` or a CNI_CONTAINERID: letters, digits, `_`, `.` and `-`, the first one a letter
 * or a digit (CNI specification 1.1.0, sections 1 and 2; the specification garbles the underscore, libcni's expression
 * is `^[a-zA-Z0-9][a-zA-Z0-9_.\-]*$`). Such a text can hold no slash and is no `..`. Its length is bounded elsewhere.
 */
export function isCniName(text: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text);
}

/** IFNAMSIZ of the kernel is 16, with the zero byte at the end. */
const maxIfNameBytes = 15;

/**
 * Why a text cannot be a CNI_IFNAME, or undefined when it can. Stricter than libcni, which does not know that the
 * kernel expands `%d`, keeps `all` and `default` for its own sysctl directories, and takes some bytes of UTF-8 for
 * white space.
 */
export function ifNameProblem(text: string): string | undefined {
  if (text.length > maxIfNameBytes) return `is longer than ${maxIfNameBytes} bytes`;
  if (text === "." || text === ".." || text === "all" || text === "default") return "is a reserved name";
  if (!/^[!-~]+$/.test(text)) return "holds something else than printable ASCII characters";
  if (/[/:%]/.test(text)) return "holds a slash, a colon or a percent sign";
  return undefined;
}
