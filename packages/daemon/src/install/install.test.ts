import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type InstallPorts, install } from "./install.ts";
import type { InstallOptions } from "./options.ts";

let directory: string;
let options: InstallOptions & { readonly client: string };
let events: string[];
let ports: InstallPorts & { readonly clock: VirtualClock };
let stop: AbortController;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire install-"));
  options = {
    binDirectory: join(directory, "opt", "cni bin"),
    conflist: join(directory, "net.d", "10-podwire.conflist"),
    network: "pods",
    client: client("cat >$0.stdin; env >$0.env"),
    waitMs: 0,
  };
  events = [];
  stop = new AbortController();
  const log = { ...silentLogger, info: (event: string) => void events.push(event) };
  ports = { clock: new VirtualClock(), log, signal: stop.signal, runDirectory: join(directory, "run") };
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A client that is a shell script: `$0` is where it was installed. */
function client(script: string, name = "client"): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o600 });
  return path;
}

const installed = () => join(options.binDirectory, "podwire");

test("the client is there for everybody, and the network configuration names it", async () => {
  await install(options, ports);
  expect(readFileSync(installed())).toEqual(readFileSync(options.client));
  expect(statSync(installed()).mode & 0o7777).toBe(0o755);
  expect(statSync(options.conflist).mode & 0o7777).toBe(0o644);
  expect(JSON.parse(readFileSync(options.conflist, "utf8"))).toEqual({
    cniVersion: "1.1.0",
    name: "pods",
    plugins: [{ type: "podwire" }],
  });
});

test("the installed client is asked for STATUS, as a runtime would, of the run directory that is meant", async () => {
  await install(options, ports);
  const stdin = JSON.parse(readFileSync(`${installed()}.stdin`, "utf8"));
  expect(stdin).toEqual({ cniVersion: "1.1.0", name: "pods", type: "podwire" });
  const environment = readFileSync(`${installed()}.env`, "utf8");
  expect(environment).toContain("CNI_COMMAND=STATUS\n");
  expect(environment).toContain(`PODWIRE_RUN_DIR=${ports.runDirectory}\n`);
});

test("a second time changes nothing", async () => {
  await install(options, ports);
  const before = [installed(), options.conflist].map((path) => statSync(path).ino);
  events = [];
  await install(options, ports);
  expect([installed(), options.conflist].map((path) => statSync(path).ino)).toEqual(before);
  expect(events).toEqual(["client is in place", "network configuration is in place"]);
});

test.each([
  { name: "another client", damage: () => writeFileSync(installed(), "old") },
  { name: "another mode", damage: () => chmodSync(installed(), 0o700) },
  { name: "another network", damage: () => writeFileSync(options.conflist, "{}") },
])("$name is replaced by rename, and no draft is left", async ({ damage }) => {
  await install(options, ports);
  damage();
  await install({ ...options }, ports);
  expect(readFileSync(installed())).toEqual(readFileSync(options.client));
  expect(statSync(installed()).mode & 0o7777).toBe(0o755);
  expect(readFileSync(options.conflist, "utf8")).toContain('"pods"');
  expect(readdirSync(join(directory, "net.d"))).toEqual(["10-podwire.conflist"]);
  expect(readdirSync(options.binDirectory).filter((name) => name.startsWith("."))).toEqual([]);
});

test("the network configuration is written when STATUS succeeds, not before", async () => {
  const answer = JSON.stringify({ cniVersion: "1.1.0", code: 50, msg: "no address", details: "POOL_GROWING" });
  const waiting = client(`cat >/dev/null; [ -e '${directory}/ready' ] || { echo '${answer}'; exit 1; }`);
  const installing = install({ ...options, client: waiting, waitMs: 5_000 }, ports);
  await vi.waitFor(() => expect(ports.clock.pendingTimers).toBe(1));
  expect(existsSync(options.conflist)).toBe(false);
  writeFileSync(join(directory, "ready"), "");
  await ports.clock.advance(1_000);
  await installing;
  expect(events).toEqual(["client installed", "podwired is not ready", "network configuration written"]);
});

describe("what fails leaves no network configuration", () => {
  const answer = JSON.stringify({ code: 50, msg: "the subnet is full", details: "SUBNET_EXHAUSTED" });
  const failures = [
    { name: "STATUS says no", script: `echo '${answer}'; exit 1`, details: "50 the subnet is full (SUBNET_EXHAUSTED)" },
    { name: "the client says nothing", script: "exit 3", details: "the client gave no answer" },
    { name: "the client prints no JSON", script: "echo oops; exit 1", details: "the client gave no answer" },
  ];
  test.each(failures)("$name: NOT_READY with the reason", async ({ script, details }) => {
    const failing = install({ ...options, client: client(script) }, ports);
    await expect(failing).rejects.toMatchObject({ code: "NOT_READY", details: expect.stringContaining(details) });
    expect(existsSync(options.conflist)).toBe(false);
  });

  test("a client that is no program", async () => {
    const path = join(directory, "text");
    writeFileSync(path, "#!/nonexistent/interpreter\n");
    const failing = install({ ...options, client: path }, ports);
    await expect(failing).rejects.toMatchObject({ code: "HOST_UNFIT", message: expect.stringContaining(installed()) });
    expect(existsSync(options.conflist)).toBe(false);
  });

  test("a client that is absent, and nothing is made", async () => {
    const failing = install({ ...options, client: join(directory, "absent") }, ports);
    await expect(failing).rejects.toMatchObject({ code: "HOST_UNFIT", message: expect.stringContaining("absent") });
    expect(existsSync(options.binDirectory)).toBe(false);
  });

  test("an interruption, which also ends the client", async () => {
    const hanging = client("echo >$0.started; exec sleep 1000");
    const installing = install({ ...options, client: hanging, waitMs: 5_000 }, ports);
    await vi.waitFor(() => expect(existsSync(`${installed()}.started`)).toBe(true));
    stop.abort();
    await expect(installing).rejects.toMatchObject({ code: "CANCELLED" });
    expect(existsSync(options.conflist)).toBe(false);
  });
});

test("where a directory stands in the way it is named, and stays", async () => {
  mkdirSync(options.conflist, { recursive: true });
  const failing = install(options, ports);
  await expect(failing).rejects.toMatchObject({ code: "HOST_UNFIT", message: expect.stringContaining("conflist") });
  expect(readdirSync(join(directory, "net.d"))).toEqual(["10-podwire.conflist"]);
});
