import { expect, test } from "vitest";
import { parseSabotage } from "./sabotage.ts";

const header = [
  "Invariant: 4",
  "Breaks: a cooling address is counted as free",
  "Tests: packages/core/src/pool/allocate.test.ts test/simulation/pool-model.test.ts",
  "Suite: unit",
];
const source = "packages/core/src/pool/pool-counts.ts";
const diff = [`--- a/${source}`, `+++ b/${source}`, "@@ -1 +1 @@", "-a", "+b", ""];

function patch(lines: { readonly header?: readonly string[]; readonly diff?: readonly string[] } = {}): string {
  return [...(lines.header ?? header), "", ...(lines.diff ?? diff)].join("\n");
}

/** The header with one of its lines replaced. */
function withLine(name: string, value: string): string {
  return patch({ header: header.map((line) => (line.startsWith(`${name}: `) ? `${name}: ${value}` : line)) });
}

test("a patch is what its name and its header say", () => {
  expect(parseSabotage("07-cooling-counted-as-free.patch", patch())).toEqual({
    name: "07-cooling-counted-as-free",
    invariant: 4,
    breaks: "a cooling address is counted as free",
    tests: ["packages/core/src/pool/allocate.test.ts", "test/simulation/pool-model.test.ts"],
    suite: "unit",
  });
});

test("what only tests of the kernel's suite notice can be sabotaged as well", () => {
  const kernel = withLine("Suite", "kernel").replace(/^Tests: .*$/m, "Tests: test/netns/drift.kernel.test.ts");
  expect(parseSabotage("08-x.patch", kernel)).toMatchObject({ suite: "kernel" });
});

test.each([
  ["7-x.patch", "a file is named like"],
  ["07-Cooling.patch", "a file is named like"],
  ["07-cooling.diff", "a file is named like"],
])("a file may not be called %s", (fileName, says) => {
  expect(() => parseSabotage(fileName, patch())).toThrow(`${fileName}: ${says}`);
});

const product = (path: string) => diff.map((line) => line.replace(source, path));

test.each([
  ["a header line is missing", patch({ header: header.slice(1) }), 'line 1 is not "Invariant: …"'],
  ["header lines are in another order", patch({ header: header.toReversed() }), 'line 1 is not "Invariant: …"'],
  ["a header line says nothing", withLine("Breaks", ""), 'line 2 is not "Breaks: …"'],
  ["there is one more header line", patch({ header: [...header, "Author: x"] }), "line 5 is not empty"],
  ["the invariant is none", withLine("Invariant", "13"), 'there is no invariant "13"'],
  ["the invariant is no number", withLine("Invariant", "4, 5"), 'there is no invariant "4, 5"'],
  ["the suite is none", withLine("Suite", "fast"), 'there is no suite "fast"'],
  ["a test file is none", withLine("Tests", source), `"${source}" is no test file of the suite unit`],
  ["two spaces stand between the test files", withLine("Tests", "a.test.ts  b.test.ts"), '"" is no test file'],
  ["a test file is the other suite's", withLine("Tests", "a.kernel.test.ts"), "is no test file of the suite unit"],
  ["a test file is the other suite's", withLine("Suite", "kernel"), "is no test file of the suite kernel"],
  ["there is no diff", patch({ diff: [] }), "there is no unified diff"],
  ["the diff has no hunk", patch({ diff: diff.slice(0, 2) }), "there is no unified diff"],
  ["the diff renames a file", patch({ diff: ["rename to x", ...diff] }), '"rename to x" is no line of a unified diff'],
  ["a test is broken", patch({ diff: product("packages/core/src/a.test.ts") }), "is no source of the product"],
  ["a test world is broken", patch({ diff: product("test/simulation/node-world.ts") }), "is no source of the product"],
  ["a double is broken", patch({ diff: product("packages/testkit/src/index.ts") }), "is no source of the product"],
  [
    "a fake is broken",
    patch({ diff: product("packages/aws-eni/src/testing/model.ts") }),
    "is no source of the product",
  ],
  ["a path leads out", patch({ diff: product("packages/core/src/../../x.ts") }), "is no source of the product"],
  ["a path is no path of the repository", patch({ diff: diff.map((line) => line.replace("a/p", "/p")) }), "is no file"],
])("a patch is refused when %s", (_, text, says) => {
  expect(() => parseSabotage("07-x.patch", text)).toThrow(says);
});
