import { errorCodes } from "./codes.ts";

/** The reference page of all errors, in Markdown. */
export function errorReference(): string {
  return `# Errors

Generated from \`packages/core/src/errors/codes.ts\` by \`npm run generate\`.

Every error of podwire has one of these codes. A CNI error object carries the number as \`code\`; its \`details\`
begin with the name, because several names share a number. Numbers up to 99 and 999 are those of the CNI specification
1.1.0 (section 5) and of its reference library; from 100 on they are podwire's own.

\`retry\` says what a caller may do: \`never\` (fails again until somebody changes something), \`later\` (may succeed
after a while), \`ask-first\` (the outcome is unknown: look at the world before anything is tried again).

| code | number | retry |
|---|---|---|
${Object.entries(errorCodes)
  .map(([code, { cni, retry }]) => `| [${code}](#${code.toLowerCase()}) | ${cni} | ${retry} |`)
  .join("\n")}
${Object.entries(errorCodes)
  .map(([code, { cause, remedy }]) => section(code, cause, remedy))
  .join("")}`;
}

function section(code: string, cause: string, remedy: string): string {
  return `\n## ${code}\n\n**Cause:** ${cause}.\n\n**Remedy:** ${remedy}.\n`;
}
