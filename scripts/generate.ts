/** Writes the documents that are made from tables in the code. `--check` writes nothing and exits 1 if one is stale. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { configJsonSchema, configReference, errorReference } from "@podwire/core";
import { withAwsPermissions } from "./aws-permissions.ts";

/** Each from what it is now: of some pages only a part is generated. */
const documents: Readonly<Record<string, (current: string) => string>> = {
  "docs/errors.md": errorReference,
  "docs/config.md": configReference,
  "docs/schema/config.json": () => formatJson(configJsonSchema()),
  "docs/guides/aws.md": (current) => withAwsPermissions(current),
};

const root = fileURLToPath(new URL("..", import.meta.url));

if (process.argv.includes("--check")) check();
else write();

function check(): void {
  const stale = Object.entries(documents).filter(([path, make]) => {
    const current = readIfPresent(root + path);
    return current !== make(current ?? "");
  });
  for (const [path] of stale) console.error(`${path} is stale: npm run generate`);
  process.exitCode = stale.length === 0 ? 0 : 1;
}

function write(): void {
  for (const [path, make] of Object.entries(documents)) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, make(readIfPresent(root + path) ?? ""));
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** JSON as biome formats it: a list of plain values stands on one line. */
function formatJson(value: unknown): string {
  const inline = (list: string) => list.replace(/\s+/g, " ").replace("[ ", "[").replace(" ]", "]");
  return `${JSON.stringify(value, null, 2).replace(/\[\s[^[\]{}]*\]/g, inline)}\n`;
}
