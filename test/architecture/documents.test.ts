import { expect, test } from "vitest";
import { findMentions } from "./documents.ts";
import { exists, listFiles, readText } from "./source-tree.ts";

const documents = listFiles(["*.md", "docs/**/*.md", "packages/*/*.md"]);

test("documents name only files and folders that are there", () => {
  const stale = documents.flatMap((document) =>
    findMentions(document, readText(document))
      .filter(({ path }) => !exists(path))
      .map(({ path, line }) => `${document}:${line}: ${path}`),
  );
  expect(stale).toEqual([]);
});

test("every package and every decision has its page", () => {
  const packages = listFiles(["packages/*/package.json"]).map((path) => path.replace("package.json", "README.md"));
  expect(documents).toEqual(expect.arrayContaining([...packages]));
  const decisions = listFiles(["docs/adr/0*.md"]);
  const listed = findMentions("docs/adr/README.md", readText("docs/adr/README.md")).map(({ path }) => path);
  expect(listed).toEqual(decisions);
});

test("paths in backticks and relative links are found, other words are not", () => {
  const text = "see `packages/a/src/b.ts`, `docs/`\nand [this](../adr/x.md#part), [that](https://example.com), `a/b`";
  expect(findMentions("docs/guides/g.md", text)).toEqual([
    { path: "packages/a/src/b.ts", line: 1 },
    { path: "docs", line: 1 },
    { path: "docs/adr/x.md", line: 2 },
  ]);
});
