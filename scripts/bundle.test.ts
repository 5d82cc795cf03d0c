import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleDaemon } from "./bundle.ts";

let directory: string;
let podwired: string;

/** Moved after it was made: what it looks for, it must find beside itself. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "podwire-bundle-"));
  await bundleDaemon({ cloud: "aws", directory: join(directory, "made") });
  renameSync(join(directory, "made"), join(directory, "moved"));
  podwired = join(directory, "podwired");
  symlinkSync(join(directory, "moved/bin/podwired"), podwired);
  path = join(directory, "tools");
  mkdirSync(path);
  symlinkSync(process.execPath, join(path, "node"));
  for (const tool of ["dirname", "readlink"]) symlinkSync(join("/usr/bin", tool), join(path, tool));
}, 30_000);
/** Where this Node is found, and what a shell script needs; nothing that compiles. */
let path: string;

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("the bundle runs outside the repository, native code included", () => {
  const { status, stderr } = spawnSync(podwired, ["install", "--help"], {
    cwd: "/",
    encoding: "utf8",
    env: { PATH: path },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining("usage: podwired install") });
});

test("the adapter is on board, with what podwire calls of the SDK and little else", () => {
  const modules = globSync(join(directory, "moved/lib/*.js"));
  const text = modules.map((file) => readFileSync(file, "utf8")).join("\n");
  expect(text).toContain("AssignPrivateIpAddresses");
  expect(text).not.toContain("TerminateInstances");
  expect(modules.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(2_500_000);
});

test.each([
  { what: "the client in C, where it compiles", more: `:${process.env["PATH"]}`, kinds: [0x7f, 0x23] },
  { what: "the client in TypeScript, where nothing compiles C", more: "", kinds: [0x23] },
])("it installs $what", ({ more, kinds }) => {
  const bin = join(directory, "bin");
  const words = ["install", "--bin-dir", bin, "--conflist", join(directory, "10.conflist"), "--wait", "0"];
  const env = { PATH: `${path}${more}`, PODWIRE_RUN_DIR: join(directory, "run") };
  // No daemon runs, so that it ends before the network configuration.
  expect(spawnSync(podwired, words, { cwd: "/", env }).status).toBe(2);
  expect(kinds).toContain(readFileSync(join(bin, "podwire"))[0]);
  const version = execFileSync(join(bin, "podwire"), {
    env: { CNI_COMMAND: "VERSION" },
    input: "{}",
    encoding: "utf8",
  });
  expect(JSON.parse(version)).toMatchObject({ supportedVersions: expect.arrayContaining(["1.1.0"]) });
});

test("an adapter that does not exist is an error", async () => {
  await expect(bundleDaemon({ cloud: "mars", directory })).rejects.toThrow(/no adapter is called "mars"/);
});
