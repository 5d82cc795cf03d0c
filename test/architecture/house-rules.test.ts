import { describe, expect, test } from "vitest";
import { findTexts, isEmptyName, lineCount, measure, textRules } from "./house-rules.ts";
import { parseSource, type SourceFile } from "./source-file.ts";
import { listFiles, readSourceTree, readText } from "./source-tree.ts";

const sources = readSourceTree();
const texts = ["*", ".ci/*", "{docs,scripts,test}/**/*", "packages/*/*", "packages/*/src/**/*"];
const isText = (path: string): boolean => /\.(ts|md|json|ya?ml|c|h|sh|sql|ipset|nft)$|\/run$/.test(path);

describe("sizes", () => {
  const { fileLines, functionLines } = measure(sources);

  test.each([
    { what: "the median file", lines: fileLines.median, limit: 120 },
    { what: "nine files of ten", lines: fileLines.p90, limit: 300 },
    { what: "the median function", lines: functionLines.median, limit: 10 },
    { what: "nine functions of ten", lines: functionLines.p90, limit: 30 },
  ])("$what: at most $limit lines", ({ lines, limit }) => {
    expect(lines).toBeLessThanOrEqual(limit);
  });

  test("comments have at most 120 columns, addresses of pages apart; the formatter minds the code", () => {
    const isTooLong = (line: string): boolean => line.length > 120 && /^\s*(\/\*|\*|\/\/)(?!.*https?:)/.test(line);
    const tooLong = sources.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => (isTooLong(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect(tooLong).toEqual([]);
  });
});

test("no text says what a repository should not say", () => {
  const found = listFiles(texts)
    .filter(isText)
    .flatMap((path) => findTexts(path, readText(path), textRules));
  expect(found).toEqual([]);
});

test("names say what a thing is", () => {
  const found = sources.flatMap(({ path, declarations }) =>
    declarations.filter(isEmptyName).map(({ name, line }) => `${path}:${line}: ${name}`),
  );
  expect(found).toEqual([]);
});

describe("the measure", () => {
  const source = (path: string, text: string): SourceFile => parseSource(path, text);
  const body = (lines: number): string => `export function f() {\n${"  f();\n".repeat(lines - 2)}}\n`;

  test("counts a function from its first line to its last", () => {
    expect(measure([source("a.ts", body(7))]).functionLines).toEqual({ median: 7, p90: 7 });
  });

  test("counts methods and arrow functions with a body, and none of tests", () => {
    const text = "export class K {\n  m() {\n    return () => {\n      f();\n    };\n  }\n}\n";
    expect(source("a.ts", text).functions.map((one) => one.lineCount)).toEqual([5, 3]);
    expect(measure([source("a.test.ts", text)]).functionLines).toEqual({ median: 0, p90: 0 });
  });

  test("takes the middle and nine tenths", () => {
    const files = Array.from({ length: 11 }, (_, index) => source(`${index}.ts`, "x;\n".repeat(index + 1)));
    expect(files.map(lineCount).at(-1)).toBe(11);
    expect(measure(files).fileLines).toEqual({ median: 6, p90: 10 });
  });
});

describe("the text rules find", () => {
  test.each([
    `// ${"TO"}${"DO"}: later`,
    `see /${"work"}/shared/x.md`,
    `"/${"root"}/.npm"`,
    `/${"home"}/someone/x`,
    `https://registry.${"npmjs"}.org/zod`,
    `// @ts-${"ignore"}`,
  ])("%s", (line) => {
    expect(findTexts("x.md", `first\n${line}`, textRules)).toHaveLength(1);
  });

  test.each(["a framework/thing", "https://example.com/work/", "packages/core", "/home"])("nothing in %s", (line) => {
    expect(findTexts("x.md", line, textRules)).toEqual([]);
  });

  test("names that say nothing, at the end of a name only", () => {
    const named = (name: string) => ({ name, line: 1 });
    expect(["PoolManager", "NetHelper"].map(named).every(isEmptyName)).toBe(true);
    expect(["ServiceRoute", "HandlerTable", "managed"].map(named).some(isEmptyName)).toBe(false);
  });
});
