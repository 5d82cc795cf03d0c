import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Import and export statements that remain after type stripping. */
const runtimeImport = /^(?:import|export)\s+(?!type\b)[^;]*?from\s+"([^"]+)"/gm;

test.each(["./index.ts", "../rpc/index.ts"])("%s loads no package: the client starts once per pod", (entry) => {
  const { files, packages } = loadedFrom(new URL(entry, import.meta.url));
  expect(packages).toEqual([]);
  expect(files.size).toBeGreaterThan(2);
});

test("the probe sees a package where there is one", () => {
  expect(loadedFrom(new URL("./prev-result.ts", import.meta.url)).packages).toEqual(["ipaddr.js", "zod"]);
});

function loadedFrom(entry: URL): { readonly files: ReadonlySet<string>; readonly packages: readonly string[] } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const queue = [entry.href];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const [, specifier = ""] of readFileSync(new URL(file), "utf8").matchAll(runtimeImport)) {
      if (specifier.startsWith(".")) queue.push(new URL(specifier, file).href);
      else packages.add(specifier);
    }
  }
  return { files, packages: Array.from(packages).sort() };
}
