import { createHash } from "node:crypto";
import { isPodwireError } from "@podwire/core";
import type { Nft } from "./nft-command.ts";
import { nftTable } from "./ruleset.ts";

/**
 * Replaces podwire's table unless it is as `script` makes it; says whether it had to.
 *
 * nft prints rules in its own words, which change from version to version, so a listing cannot be compared with what
 * was written. Instead the table carries a chain without rules whose name is a digest of the script and of the listing
 * right after it was carried out. If either has changed since, the digest does not fit.
 */
export async function convergeTable(nft: Nft, script: string): Promise<boolean> {
  const before = await listTable(nft);
  if (before !== undefined && before.seal === sealOf(script, before.content)) return false;
  await nft.run(script);
  const after = await listTable(nft);
  if (after !== undefined) await nft.run(`add chain inet ${nftTable} ${sealOf(script, after.content)}\n`);
  return true;
}

interface TableListing {
  /** Everything but the seal, without handles and counts. */
  readonly content: string;
  readonly seal: string | undefined;
}

const sealPrefix = "seal_";

/** Undefined when there is no such table. */
async function listTable(nft: Nft): Promise<TableListing | undefined> {
  try {
    return parseListing(await nft.read(["-j", "list", "table", "inet", nftTable]));
  } catch (error) {
    if (isPodwireError(error, "KERNEL_REFUSED") && error.details?.includes("No such file or directory"))
      return undefined;
    throw error;
  }
}

/** Pure; exported for its test. */
export function parseListing(json: string): TableListing {
  const { nftables } = JSON.parse(json) as { readonly nftables: readonly ListedObject[] };
  const seal = nftables.find(isSeal)?.chain?.name;
  const content = nftables.filter((object) => !("metainfo" in object) && !isSeal(object));
  return { content: JSON.stringify(content.map(withoutVolatile)), seal };
}

interface ListedObject {
  readonly chain?: { readonly name: string };
}

function isSeal(object: ListedObject): boolean {
  return object.chain?.name.startsWith(sealPrefix) === true;
}

function sealOf(script: string, content: string): string {
  return sealPrefix + createHash("sha256").update(`${script}\0${content}`).digest("hex").slice(0, 32);
}

/** Handles are new each time, counters run, and elements come in the order of a hash table. */
function withoutVolatile(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutVolatile);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== "handle" && name !== "packets" && name !== "bytes");
  return Object.fromEntries(entries.map(([name, inner]) => [name, inSomeOrder(name, withoutVolatile(inner))]));
}

function inSomeOrder(name: string, value: unknown): unknown {
  if (!Array.isArray(value) || (name !== "elem" && name !== "set")) return value;
  return value.map((element) => JSON.stringify(element)).sort();
}
