import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
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
  podwired = join(directory, "moved/lib/podwired.js");
}, 30_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("the bundle runs outside the repository, native code included", () => {
  const { status, stderr } = spawnSync(process.execPath, [podwired, "install", "--help"], {
    cwd: "/",
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining("usage: podwired install") });
});

test("the adapter is on board", () => {
  expect(readFileSync(podwired, "utf8")).toContain("AssignPrivateIpAddresses");
});

test.each([
  { what: "the client in C", searched: process.env["PATH"] },
  { what: "the client in TypeScript, where nothing compiles C", searched: "/nonexistent" },
])("it installs $what", ({ searched }) => {
  const bin = join(directory, "bin");
  const words = ["install", "--bin-dir", bin, "--conflist", join(directory, "10.conflist"), "--wait", "0"];
  const env = { PATH: searched, PODWIRE_RUN_DIR: join(directory, "run") };
  // No daemon runs, so that it ends before the network configuration.
  expect(spawnSync(process.execPath, [podwired, ...words], { cwd: "/", env }).status).toBe(2);
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
