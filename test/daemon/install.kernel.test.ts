import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { podwiredProgram } from "@podwire/daemon/testing";
import { callPlugin } from "@podwire/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readText } from "../architecture/source-tree.ts";
import { added, type NodeLab, openNodeLab } from "../node/node-lab.ts";

const unit = readText("packages/daemon/systemd/podwired.service");

/**
 * Starts the daemon of the lab as systemd would: with the unit's capabilities, and with a file system of its own that
 * is read-only but for /tmp and the run directory, and gets the mounts of others (namespaces of pods) as they come.
 */
function underUnit(): readonly string[] {
  const names = /^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1]?.split(" ") ?? [];
  const kept = names.map((name) => `,+${name.replace("CAP_", "").toLowerCase()}`).join("");
  const fileSystem = ["unshare", "--mount", "--propagation=slave", "sh", "-c", protectSystem, "unit", tmpdir()];
  return [...fileSystem, "setpriv", `--bounding-set=-all${kept}`, "--inh-caps=-all", "--no-new-privs"];
}

const protectSystem = `set -e
for place in /tmp "$1"; do mount --bind "$place" "$place"; done
mount -o remount,bind,ro /
mount -o remount,bind,ro /run
shift
exec "$@"`;

let lab: NodeLab;
let closeLab = async () => {};
let directory: string;
let binDirectory: string;
let conflist: string;

beforeAll(async () => {
  // As systemd has it, which makes all mounts shared.
  execFileSync("mount", ["--make-shared", "/run"]);
  lab = await openNodeLab({ through: underUnit() });
  closeLab = lab.close;
}, 60_000);
afterAll(async () => {
  await closeLab();
  execFileSync("mount", ["--make-private", "/run"]);
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-install-"));
  binDirectory = join(directory, "opt/cni/bin");
  conflist = join(directory, "net.d/10-podwire.conflist");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Ended {
  readonly exitCode: number | null;
  readonly stderr: string;
}

function runPodwired(words: readonly string[], runDirectory: string): Promise<Ended> {
  const [command = "", ...program] = podwiredProgram();
  const child = spawn(command, [...program, ...words], {
    env: { PATH: process.env["PATH"], PODWIRE_RUN_DIR: runDirectory },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    stderr += part;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, stderr }));
  });
}

function install(words: readonly string[], runDirectory: string): Promise<Ended> {
  return runPodwired(["install", `--bin-dir=${binDirectory}`, `--conflist=${conflist}`, ...words], runDirectory);
}

describe("podwired install beside a daemon that is ready", () => {
  test("leaves a client and a network that a runtime can start pods with", async () => {
    const { runDirectory } = lab.plugins.c;
    expect(await install([], runDirectory)).toMatchObject({ exitCode: 0 });
    expect(statSync(dirname(conflist)).mode & 0o777).toBe(0o755);
    expect(statSync(binDirectory).mode & 0o777).toBe(0o755);
    const { name, plugins } = JSON.parse(readFileSync(conflist, "utf8"));
    const plugin = { path: join(binDirectory, plugins[0].type), network: name, runDirectory };
    const container = lab.container("installed");
    await added(plugin, container);
    expect(await callPlugin(plugin, "DEL", { container })).toMatchObject({ exitCode: 0 });
  });

  test("changes nothing the second time", async () => {
    const { runDirectory } = lab.plugins.c;
    await install([], runDirectory);
    const before = [join(binDirectory, "podwire"), conflist].map((path) => statSync(path).ino);
    expect(await install([], runDirectory)).toMatchObject({ exitCode: 0 });
    expect([join(binDirectory, "podwire"), conflist].map((path) => statSync(path).ino)).toEqual(before);
  });
});

test("podwired install without a daemon says so, and tells runtimes nothing", async () => {
  const { exitCode, stderr } = await install(["--wait=0"], join(directory, "run"));
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(
    /^podwired: NOT_READY: podwired could serve no ADD within 0 s.*; 50 podwired does not answer on /m,
  );
  expect(existsSync(conflist)).toBe(false);
});

test.each([
  { words: ["instal"], problem: "unknown command instal" },
  { words: ["install", "--wiat=1"], problem: "--wiat" },
])("podwired $words is refused with the usage", async ({ words, problem }) => {
  const { exitCode, stderr } = await runPodwired(words, directory);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(problem);
  expect(stderr).toContain("usage: podwired install");
});

test("podwired serves pods within what the systemd unit leaves it of capabilities and file system", async () => {
  expect(unit).toContain("\nProtectSystem=strict\n");
  const mounts = readFileSync(`/proc/${lab.podwired.pid}/mounts`, "utf8");
  expect(mounts).toMatch(/^\S+ \/ \S+ ro\b/m);
  const status = readFileSync(`/proc/${lab.podwired.pid}/status`, "utf8");
  // CAP_NET_ADMIN is bit 12, CAP_SYS_ADMIN bit 21.
  expect(status).toMatch(/^CapEff:\t0*201000$/m);
  const container = lab.container("unit");
  const prevResult = await added(lab.plugins.c, container);
  expect(await callPlugin(lab.plugins.c, "CHECK", { container, config: { prevResult } })).toMatchObject({
    exitCode: 0,
  });
  expect(await callPlugin(lab.plugins.c, "DEL", { container })).toMatchObject({ exitCode: 0 });
});
