import { expect, test } from "vitest";
import type { Nft } from "./nft-command.ts";
import { createWatchedTable } from "./watched-table.ts";

/** An nft that counts what it is asked, and holds a look until it is let go. */
function scene() {
  const looks: (() => void)[] = [];
  let content = "";
  let held = false;
  const nft: Nft = {
    run: async (script) => {
      content += script;
    },
    read: async () => {
      if (held) await new Promise<void>((resolve) => looks.push(resolve));
      else looks.push(() => {});
      const seals = [...content.matchAll(/seal_\w+/g)].map(([name]) => ({ chain: { name } }));
      return JSON.stringify({ nftables: seals.slice(-1) });
    },
  };
  const table = createWatchedTable(nft);
  return {
    table,
    looks: () => looks.length,
    hold: () => {
      held = true;
      return () => looks.at(-1)?.();
    },
  };
}

test("while nobody watches, each converge looks", async () => {
  const { table, looks } = scene();
  await table.converge("a");
  const before = looks();
  await table.converge("a");
  await table.converge("a");
  expect(looks()).toBe(before + 2);
});

test("while it is watched, it looks once, and again for another script or after a change", async () => {
  const { table, looks } = scene();
  const end = table.watch();
  await table.converge("a");
  const once = looks();
  await table.converge("a");
  expect(looks()).toBe(once);
  table.changed();
  await table.converge("a");
  expect(looks()).toBeGreaterThan(once);
  const again = looks();
  await table.converge("b");
  expect(looks()).toBeGreaterThan(again);
  end();
  const ended = looks();
  await table.converge("b");
  expect(looks()).toBeGreaterThan(ended);
});

test("a change during a look is not overlooked", async () => {
  const { table, looks, hold } = scene();
  table.watch();
  await table.converge("a");
  table.changed();
  const letGo = hold();
  const looking = table.converge("a");
  table.changed();
  letGo();
  await looking;
  const before = looks();
  void table.converge("a");
  expect(looks()).toBe(before + 1);
});
