import { mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFile } from "./lock-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a lock that is held cannot be taken; released, it can", () => {
  const path = join(directory, "lock");
  const release = lockFile(path);
  expect(() => lockFile(path)).toThrow(expect.objectContaining({ code: "SOCKET_TAKEN", value: JSON.stringify(path) }));
  release();
  lockFile(path)();
});

test("releasing twice releases once", () => {
  const path = join(directory, "lock");
  const release = lockFile(path);
  release();
  const second = lockFile(path);
  release();
  expect(() => lockFile(path)).toThrow("is held by another process");
  second();
});

test("the file is for its owner only", () => {
  const path = join(directory, "lock");
  lockFile(path)();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ["in a directory that does not exist", () => join(directory, "absent", "lock"), "ENOENT"],
  ["that is a directory", () => directory, "EISDIR"],
  ["that is a symbolic link", () => link(join(directory, "link")), "ELOOP"],
])("a file %s is refused with the reason", (_, make, details) => {
  expect(() => lockFile(make())).toThrow(expect.objectContaining({ code: "STORE_FAILED", details }));
});

function link(path: string): string {
  symlinkSync("/nowhere", path);
  return path;
}
