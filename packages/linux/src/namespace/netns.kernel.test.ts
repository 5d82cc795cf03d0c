import { execFileSync } from "node:child_process";
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createNetns, deleteNetns } from "./named-netns.ts";
import { netnsCookie, openNetns, runInNetns } from "./netns.ts";
import { openPodNamespace } from "./pod-namespace.ts";

const path = "/run/netns/netns-test";
const created: string[] = [];
const home = () => readlinkSync("/proc/thread-self/ns/net");

afterEach(() => {
  deleteNetns(path);
  for (const made of created.splice(0)) rmSync(made, { recursive: true, force: true });
});

test("a namespace can be made, entered and removed, and the thread is home again each time", () => {
  const before = home();
  createNetns(path);
  const netns = openNetns(path);
  const inside = runInNetns(netns, home);
  expect(inside).not.toBe(before);
  expect(() =>
    runInNetns(netns, () => {
      throw new Error("inside");
    }),
  ).toThrow("inside");
  expect(home()).toBe(before);
  netns.close();
  deleteNetns(path);
  deleteNetns(path);
  expect(() => openNetns(path)).toThrow("does not exist");
});

test("a path that is taken is refused and stays as it is", () => {
  createNetns(path);
  const netns = openNetns(path);
  const cookie = netnsCookie(netns);
  expect(() => createNetns(path)).toThrow("EEXIST");
  expect(netnsCookie(netns)).toBe(cookie);
  netns.close();
});

test("the cookie is the same through every path, and another after the path was used again", () => {
  createNetns(path);
  const first = openNetns(path);
  const again = openNetns(`/proc/self/fd/${first.fd}`);
  const cookie = netnsCookie(first);
  expect(netnsCookie(again)).toBe(cookie);
  for (const netns of [first, again]) netns.close();
  deleteNetns(path);
  createNetns(path);
  expect(() => openPodNamespace({ path, cookie })).toThrow("is another network namespace than before");
});

describe("what is no network namespace is refused, naming the value", () => {
  const rows: [string, () => string, string][] = [
    ["a relative path", () => "run/netns/x", "is not an absolute path"],
    ["an absent path", () => "/run/netns/absent", "does not exist"],
    ["a regular file", file, "is no network namespace"],
    ["a directory", directory, "is no network namespace"],
    ["a named pipe", pipe, "is no network namespace"],
    ["a namespace of another kind", () => "/proc/self/ns/mnt", "is no network namespace"],
    ["a path with a zero byte", () => "/run/netns/\0", "is not an absolute path"],
  ];
  test.each(rows)("%s", (_, make, message) => {
    const bad = make();
    const open = () => netnsCookie(openNetns(bad));
    expect(open).toThrow(message);
    expect(open).toThrow(
      expect.objectContaining({ code: "INVALID_NETNS", field: "CNI_NETNS", value: JSON.stringify(bad) }),
    );
  });
});

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "podwire-netns-"));
  created.push(made);
  return made;
}

function file(): string {
  const made = join(directory(), "regular");
  writeFileSync(made, "");
  return made;
}

function pipe(): string {
  const made = join(directory(), "pipe");
  execFileSync("mkfifo", [made]);
  return made;
}
