import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensurePrivateDirectory } from "./run-directory.ts";

let parent: string;
let path: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "podwire-private-"));
  path = join(parent, "run");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test("a directory that is absent is made for this user alone, also below one that is absent", () => {
  path = join(parent, "a", "b");
  ensurePrivateDirectory(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test.each([0o700, 0o755])("a directory of mode %o is taken as it is", (mode) => {
  mkdirSync(path);
  chmodSync(path, mode);
  ensurePrivateDirectory(path);
  expect(statSync(path).mode & 0o777).toBe(mode);
});

const refused: readonly { readonly name: string; readonly make: () => void; readonly message: string }[] = [
  { name: "a file", make: () => writeFileSync(path, ""), message: "cannot be made" },
  { name: "a link to a directory", make: () => symlinkSync(parent, path), message: "is no directory" },
  { name: "a directory like /tmp", make: () => makeDirectory(0o1777), message: "can be written by other users" },
  {
    name: "a directory its group can write to",
    make: () => makeDirectory(0o770),
    message: "can be written by other users",
  },
];

function makeDirectory(mode: number): void {
  mkdirSync(path);
  chmodSync(path, mode);
}

test.each(refused)("$name is refused by name and left alone", ({ make, message }) => {
  make();
  const { mode } = statSync(path);
  expect(() => ensurePrivateDirectory(path)).toThrow(
    expect.objectContaining({ code: "HOST_UNFIT", message: `the directory ${JSON.stringify(path)} ${message}` }),
  );
  expect(statSync(path).mode).toBe(mode);
});
