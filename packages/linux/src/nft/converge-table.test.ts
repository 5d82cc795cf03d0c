import { PodwireError } from "@podwire/core";
import { beforeEach, expect, test } from "vitest";
import { convergeTable, parseListing } from "./converge-table.ts";
import type { Nft } from "./nft-command.ts";

/** An nft that knows one table: its rules, which a script replaces, and the chains added to it. */
class FakeNft implements Nft {
  readonly scripts: string[] = [];
  rules: unknown[] | undefined;
  chains: string[] = [];
  counter = 0;

  async run(script: string): Promise<void> {
    this.scripts.push(script);
    const added = /^add chain inet podwire (\w+)$/m.exec(script)?.[1];
    if (added !== undefined) this.chains.push(added);
    else [this.rules, this.chains] = [[script], []];
  }

  async read(): Promise<string> {
    if (this.rules === undefined) {
      throw new PodwireError("KERNEL_REFUSED", "no table", { details: "Error: No such file or directory" });
    }
    const chains = this.chains.map((name) => ({ chain: { name, handle: ++this.counter } }));
    const rules = this.rules.map((rule) => ({ rule: { rule, counter: { packets: ++this.counter, bytes: 1 } } }));
    return JSON.stringify({ nftables: [{ metainfo: { version: `${this.counter}` } }, ...chains, ...rules] });
  }
}

let nft: FakeNft;
beforeEach(() => {
  nft = new FakeNft();
});

test("an absent table is made, and then left alone, by this process and the next", async () => {
  expect(await convergeTable(nft, "script")).toBe(true);
  expect(nft.scripts).toHaveLength(2);
  expect(await convergeTable(nft, "script")).toBe(false);
  expect(nft.scripts).toHaveLength(2);
});

test.each<[string, (nft: FakeNft) => void]>([
  ["somebody added a rule", (table) => table.rules?.push("other")],
  ["somebody removed every rule", (table) => table.rules?.splice(0)],
  ["somebody added a chain", (table) => table.chains.push("other")],
  ["a crash came before the seal", (table) => table.chains.splice(0)],
  [
    "somebody deleted the table",
    (table) => {
      table.rules = undefined;
    },
  ],
])("the table is replaced when %s", async (_, interfere) => {
  await convergeTable(nft, "script");
  interfere(nft);
  expect(await convergeTable(nft, "script")).toBe(true);
  expect(await convergeTable(nft, "script")).toBe(false);
});

test("the table is replaced when something else is wanted", async () => {
  await convergeTable(nft, "script");
  expect(await convergeTable(nft, "other script")).toBe(true);
});

test("other failures are not taken for an absent table", async () => {
  nft.read = async () => {
    throw new PodwireError("KERNEL_REFUSED", "refused", { details: "Operation not permitted" });
  };
  await expect(convergeTable(nft, "script")).rejects.toMatchObject({ details: "Operation not permitted" });
});

test("the order of a set's elements does not matter, that of rules does", () => {
  const listing = (...elem: unknown[]) => parseListing(JSON.stringify({ nftables: [{ set: { elem } }] })).content;
  expect(listing("a", { b: 1 })).toBe(listing({ b: 1 }, "a"));
  const rules = (...names: string[]) =>
    parseListing(JSON.stringify({ nftables: names.map((rule) => ({ rule })) })).content;
  expect(rules("a", "b")).not.toBe(rules("b", "a"));
});
