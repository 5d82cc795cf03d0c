import { describe, expect, test } from "vitest";
import { coreFolders } from "./core-folders.ts";
import { importRules } from "./import-rules.ts";
import { nameRules } from "./name-rules.ts";
import { checkFolders, checkImports, checkNames, checkPackageBorders, loadedBy } from "./rules.ts";
import { listFiles, readManifests, readSourceTree } from "./source-tree.ts";

const sources = readSourceTree();

describe("imports", () => {
  test.each(importRules)("$why", (rule) => {
    expect(checkImports(sources, rule)).toEqual([]);
  });

  test("between packages go through entry points that the manifest declares", () => {
    expect(checkPackageBorders(sources, readManifests())).toEqual([]);
  });

  test.each(["cni", "rpc"])("of @podwire/core/%s load no library: a client is started for every pod", (folder) => {
    const loaded = loadedBy(sources, `packages/core/src/${folder}/index.ts`);
    expect(loaded.filter((target) => !target.startsWith("packages/core/src/"))).toEqual([]);
  });

  test("between the folders of core follow the table", () => {
    expect(checkFolders(sources, "packages/core/src", coreFolders)).toEqual([]);
  });
});

describe("names", () => {
  test.each(nameRules)("$why", (rule) => {
    expect(checkNames(sources, rule)).toEqual([]);
  });
});

describe("the tree", () => {
  test("was read: every package has sources, and all of core's folders are among them", () => {
    const folders = new Set(sources.map(({ path }) => path.split("/").slice(0, 4).join("/")));
    for (const folder of Object.keys(coreFolders)) expect(folders).toContain(`packages/core/src/${folder}`);
    expect(readManifests().length).toBeGreaterThanOrEqual(7);
    for (const { folder } of readManifests()) expect(sources.some(({ path }) => path.startsWith(folder))).toBe(true);
  });

  test("has no folder or file that is named after nothing", () => {
    const names = listFiles(["packages/**", "scripts/**", "test/**"]).filter((path) =>
      /(^|\/)(utils?|common|shared|helpers?|misc|lib)(\/|\.[a-z.]+$|$)/.test(path),
    );
    expect(names).toEqual([]);
  });
});
