import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { captureProgram } from "../child.ts";
import { applyPatch, copyWorkingTree, strayPackages } from "./scratch-tree.ts";

const source = "packages/core/src/a.ts";

let directory: string;
let root: string;
let copy: string;

/** A workspace of one package, as pnpm installs it, in a repository. */
beforeEach(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), "podwire-scratch-")));
  [root, copy] = [join(directory, "root"), join(directory, "copy")];
  for (const folder of ["packages/core/src", "node_modules/.pnpm/zod", "node_modules/.vite", "node_modules/@podwire"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  symlinkSync("../../packages/core", join(root, "node_modules/@podwire/core"));
  symlinkSync(".pnpm/zod", join(root, "node_modules/zod"));
  writeFileSync(join(root, ".gitignore"), "node_modules\nignored\n");
  for (const name of [source, "gone", "ignored"]) writeFileSync(join(root, name), "one\n");
  // Nothing of the repository that we may be called in.
  const env = { PATH: process.env["PATH"], HOME: directory };
  await captureProgram(["git", "init", "--quiet"], { cwd: root, env });
  await captureProgram(["git", "add", "--all"], { cwd: root, env });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("a copy of the working tree", () => {
  test("has what is on the disk, committed or not, and nothing that git ignores", async () => {
    writeFileSync(join(root, source), "changed\n");
    writeFileSync(join(root, "added"), "one\n");
    rmSync(join(root, "gone"));
    await copyWorkingTree(root, copy);
    expect(readFileSync(join(copy, source), "utf8")).toBe("changed\n");
    expect(["added", "gone", "ignored", "node_modules/.vite"].map((path) => existsSync(join(copy, path)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("finds the packages of the workspace in itself, and what is installed where it is", async () => {
    await copyWorkingTree(root, copy);
    expect(realpathSync(join(copy, "node_modules/@podwire/core"))).toBe(join(copy, "packages/core"));
    expect(realpathSync(join(copy, "node_modules/zod"))).toBe(join(root, "node_modules/.pnpm/zod"));
    expect(strayPackages(copy)).toEqual([]);
  });

  test("that would find a package of the workspace elsewhere is refused", async () => {
    rmSync(join(root, "node_modules/@podwire/core"));
    symlinkSync(join(root, "packages/core"), join(root, "node_modules/@podwire/core"));
    await expect(copyWorkingTree(root, copy)).rejects.toThrow("not be taken from the copy: node_modules/@podwire/core");
  });

  test("of a workspace whose packages are not linked is refused", async () => {
    rmSync(join(root, "node_modules/@podwire/core"));
    await expect(copyWorkingTree(root, copy)).rejects.toThrow("all: none is linked");
  });
});

describe("a patch", () => {
  const patch = (line: string) => {
    const path = join(directory, "x.patch");
    writeFileSync(path, `Invariant: 1\n\n--- a/${source}\n+++ b/${source}\n@@ -1 +1 @@\n-${line}\n+two\n`);
    return path;
  };

  test("changes the copy and not the original", async () => {
    await copyWorkingTree(root, copy);
    await applyPatch(copy, patch("one"));
    expect([root, copy].map((tree) => readFileSync(join(tree, source), "utf8"))).toEqual(["one\n", "two\n"]);
  });

  test("that does not fit is an error in git's words", async () => {
    await copyWorkingTree(root, copy);
    await expect(applyPatch(copy, patch("three"))).rejects.toThrow(`${source}: patch does not apply`);
  });
});
