import { describe, expect, test } from "vitest";
import { checkFolders, checkImports, checkNames, checkPackageBorders, loadedBy } from "./rules.ts";
import { parseSource } from "./source-file.ts";
import type { PackageManifest } from "./source-tree.ts";

const why = "because";
const manifests: readonly PackageManifest[] = [
  {
    folder: "packages/a",
    name: "@podwire/a",
    entryPoints: ["@podwire/a", "@podwire/a/x"],
    programs: ["packages/a/src/main.ts"],
    dependencies: ["zod"],
  },
  {
    folder: "packages/b",
    name: "@podwire/b",
    entryPoints: ["@podwire/b"],
    programs: [],
    dependencies: ["@podwire/a"],
  },
];

function source(path: string, text: string) {
  return [parseSource(path, text)];
}

describe("a rule about imports finds", () => {
  const rule = { from: ["packages/a/**"], mustNotImport: ["**"], except: ["zod", "packages/a/**"], why };

  test.each([
    ["a static import", `import { x } from "node:fs";`],
    ["an import for its effect", `import "node:fs";`],
    ["a type-only import", `import type { x } from "node:fs";`],
    ["a type that is imported in place", `type X = import("node:fs").X;`],
    ["a re-export", `export { x } from "node:fs";`],
    ["a star export", `export * from "node:fs";`],
    ["a dynamic import", `await import("node:fs");`],
    ["a URL relative to the module", `new URL("node:fs", import.meta.url);`],
    ["a resolved specifier", `import.meta.resolve("node:fs");`],
    ["a template with a choice in it", `new URL(\`node:\${source ? "fs" : "fs"}\`, import.meta.url);`],
    ["one of two, by a condition", `new URL(built ? "./x.js" : "node:fs", import.meta.url);`],
  ])("%s", (_, text) => {
    const violations = checkImports(source("packages/a/src/x.ts", `\n${text}`), rule);
    expect(new Set(violations)).toEqual(new Set(["packages/a/src/x.ts:2: imports node:fs (because)"]));
  });

  test("an import whose specifier is computed", () => {
    expect(checkImports(source("packages/a/src/x.ts", "await import(name);"), rule)).toHaveLength(1);
  });

  test("only the kinds of import that are meant, where a rule says which", () => {
    const loading = { ...rule, kinds: ["static"] as const };
    const text = `import "node:fs";\nimport type { x } from "node:os";\nawait import("node:net");`;
    expect(checkImports(source("packages/a/src/x.ts", text), loading)).toEqual([
      "packages/a/src/x.ts:1: imports node:fs (because)",
    ]);
  });

  test("a relative import by the path it leads to", () => {
    const text = `import "../../b/src/y.ts";`;
    expect(checkImports(source("packages/a/src/x.ts", text), rule)).toEqual([
      "packages/a/src/x.ts:1: imports packages/b/src/y.ts (because)",
    ]);
  });

  test("nothing in what is allowed, and nothing outside of its scope", () => {
    expect(checkImports(source("packages/a/src/x.ts", `import "zod"; import "./y.ts";`), rule)).toEqual([]);
    expect(checkImports(source("packages/b/src/x.ts", `import "node:fs";`), rule)).toEqual([]);
    const narrowed = { ...rule, exceptFrom: ["**/*.test.ts"] };
    expect(checkImports(source("packages/a/src/x.test.ts", `import "node:fs";`), narrowed)).toEqual([]);
  });
});

describe("a rule about names finds", () => {
  const rule = { from: ["**"], mustNotUse: ["Date", "Math.random", "process.stdout"], why };

  test.each([
    "Date.now()",
    "new Date()",
    "globalThis.Date.now()",
    "let x: Date;",
    "Math.random()",
    "process.stdout.write('x')",
    "f(process.stdout)",
    "({ Date })",
  ])("%s", (text) => {
    expect(checkNames(source("x.ts", text), rule).length).toBeGreaterThan(0);
  });

  test.each(["Math.floor(1)", "x.Date", "({ Date: 1 })", "process.stderr.write('x')", "'Date'", "// Date"])(
    "nothing in %s",
    (text) => {
      expect(checkNames(source("x.ts", text), rule)).toEqual([]);
    },
  );
});

describe("a table of folders finds", () => {
  const table = { low: { mayImport: [], why }, high: { mayImport: ["low"], why } };

  test("an import against the direction", () => {
    const violations = checkFolders(source("p/src/low/x.ts", `import "../high/y.ts";`), "p/src", table);
    expect(violations).toEqual(["p/src/low/x.ts:1: low/ imports high/ (because)"]);
  });

  test("a folder that is not in the table", () => {
    expect(checkFolders(source("p/src/utils/x.ts", ""), "p/src", table)).toHaveLength(1);
  });

  test("nothing in an import along the direction, within a folder, or of a library", () => {
    const text = `import "../low/y.ts"; import "./z.ts"; import "zod";`;
    expect(checkFolders(source("p/src/high/x.ts", text), "p/src", table)).toEqual([]);
  });

  test("only the named file where a row names one", () => {
    const narrow = { low: { mayImport: ["high/words.ts"], why }, high: { mayImport: [], why } };
    const text = `import "../high/words.ts"; import "../high/deeds.ts";`;
    const violations = checkFolders(source("p/src/low/x.ts", text), "p/src", narrow);
    expect(violations).toEqual(["p/src/low/x.ts:1: low/ imports high/ (because)"]);
  });
});

describe("the borders of packages are crossed", () => {
  test.each([
    ["by a path into another package", "packages/b/src/x.ts", `import "../../a/src/y.ts";`],
    ["by a path into a package from outside", "test/x.ts", `import "../packages/a/src/y.ts";`],
    ["by an import of a program", "test/x.ts", `import "../packages/a/src/main.ts";`],
    ["by a specifier that is no entry point", "packages/b/src/x.ts", `import "@podwire/a/src/y.ts";`],
    ["by a dependency that the manifest does not name", "packages/a/src/x.ts", `import "@podwire/b";`],
    ["by a library that the manifest does not name", "packages/b/src/x.ts", `import "zod";`],
  ])("%s", (_, path, text) => {
    expect(checkPackageBorders(source(path, text), manifests)).toHaveLength(1);
  });

  test.each([
    ["by an entry point that is a dependency", "packages/b/src/x.ts", `import "@podwire/a/x"; import "node:fs";`],
    ["by starting a program", "test/x.ts", `new URL("../packages/a/src/main.ts", import.meta.url);`],
    ["within the package", "packages/a/src/x.ts", `import "./y.ts"; import "zod/v4";`],
    ["by the tools of a test", "packages/a/src/x.test.ts", `import "vitest";`],
  ])("not %s", (_, path, text) => {
    expect(checkPackageBorders(source(path, text), manifests)).toEqual([]);
  });
});

test("what a module loads is followed through its imports, but not through types", () => {
  const sources = [
    parseSource("p/a.ts", `import "./b.ts"; import type { T } from "./types.ts"; import { type U } from "./c.ts";`),
    parseSource("p/b.ts", `import "./a.ts"; export { z } from "zod";`),
    parseSource("p/types.ts", `import "node:fs";`),
    parseSource("p/c.ts", ""),
  ];
  expect(loadedBy(sources, "p/a.ts")).toEqual(["p/a.ts", "p/b.ts", "p/c.ts", "zod"]);
});
