import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PodwiredProcess, startPodwired } from "@podwire/daemon/testing";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { clients, type Ended, removeClients, runClient } from "../cni-clients/client-under-test.ts";

// No cloud is there: what podwired can do without one is what is looked at here.

const [inC, inTypeScript] = clients;
const client = inC?.path === "" ? inTypeScript : inC;
if (client === undefined) throw new Error("no client to drive podwired with");

let directory: string;
let runDirectory: string;
let started: PodwiredProcess[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwired-"));
  runDirectory = join(directory, "run");
  started = [];
});
afterEach(async () => {
  for (const podwired of started) await podwired.end("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});
afterAll(removeClients);

function start(environment: Readonly<Record<string, string>> = {}): PodwiredProcess {
  const podwired = startPodwired({ runDirectory, environment: { PODWIRE_CLOUD: "aws", ...environment } });
  started.push(podwired);
  return podwired;
}

async function startRunning(environment: Readonly<Record<string, string>> = {}): Promise<PodwiredProcess> {
  const podwired = start(environment);
  await podwired.line('"podwired runs"');
  return podwired;
}

function cni(verb: string, variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const environment = { CNI_COMMAND: verb, PODWIRE_RUN_DIR: runDirectory, PODWIRE_DEADLINE_MS: "2000", ...variables };
  const stdin = JSON.stringify({ cniVersion: "1.1.0", name: "podnet", type: "podwire" });
  return runClient(client as NonNullable<typeof client>, { environment, stdin });
}

function fetchText(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ socketPath: join(runDirectory, "podwired.sock"), path, agent: false }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve(body);
    }).on("error", reject);
  });
}

describe("podwired without a cloud", () => {
  test("answers through the CNI client: STATUS says why no ADD can be served, DEL succeeds", async () => {
    await startRunning();
    const status = await cni("STATUS");
    expect(status.exitCode).toBe(1);
    expect(JSON.parse(status.stdout.toString())).toMatchObject({ cniVersion: "1.1.0", code: 50 });
    const del = await cni("DEL", { CNI_CONTAINERID: "unknown", CNI_IFNAME: "eth0" });
    expect([del.exitCode, del.stdout.toString()]).toEqual([0, ""]);
    expect(JSON.parse(await fetchText("/v1/status"))).toMatchObject({ ready: false, attachments: [] });
    expect(await fetchText("/metrics")).toContain('verb="DEL",outcome="ok"} 1');
  });

  test("keeps all it makes to its own user", async () => {
    await startRunning();
    const modes = ["", ...readdirSync(runDirectory)].map((name) => statSync(join(runDirectory, name)).mode & 0o077);
    expect(modes.filter((mode) => mode !== 0)).toEqual([]);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("ends in good order on %s, and starts again", async (signal) => {
    const podwired = await startRunning();
    expect(await podwired.end(signal)).toBe(0);
    expect(podwired.lines.at(-1)).toContain('"podwired stops"');
    expect(readdirSync(runDirectory).sort()).toEqual(["podwired.lock", "spool", "state.db"]);
    await startRunning();
  });

  test("starts again after SIGKILL, over the socket it left", async () => {
    const podwired = await startRunning();
    await podwired.end("SIGKILL");
    expect(readdirSync(runDirectory)).toContain("podwired.sock");
    await startRunning();
    expect((await cni("STATUS")).exitCode).toBe(1);
  });

  test("carries out on its start what clients spooled while it was away", async () => {
    const del = { CNI_CONTAINERID: "c1", CNI_IFNAME: "eth0" };
    expect((await cni("DEL", del)).exitCode).toBe(0);
    expect(readdirSync(join(runDirectory, "spool"))).toHaveLength(1);
    const podwired = await startRunning();
    expect(await podwired.line('"spooled DEL done"')).toContain('"containerId":"c1"');
    expect(readdirSync(join(runDirectory, "spool"))).toEqual([]);
  });
});

describe("podwired refuses to start, in one line and with exit code 2", () => {
  async function refusal(podwired: PodwiredProcess): Promise<string> {
    expect(await podwired.ended).toBe(2);
    const complaints = podwired.lines.filter((line) => line.startsWith("podwired: "));
    expect(complaints).toHaveLength(1);
    return complaints.join();
  }

  test("beside another podwired, naming the lock, and the other serves on", async () => {
    await startRunning();
    expect(await refusal(start())).toMatch(/^podwired: SOCKET_TAKEN: .*podwired\.lock/);
    expect((await cni("STATUS")).exitCode).toBe(1);
  });

  const configs = [
    {
      name: "an unknown key, naming the nearest",
      text: "cloud: aws\nreconsile: {}\n",
      message: "did you mean reconcile?",
    },
    { name: "a wrong type, naming key and value", text: "cloud: aws\nfamilies: four\n", message: "families" },
    { name: "no YAML", text: "cloud: [\n", message: "line 2" },
  ];
  test.each(configs)("with a configuration that has $name", async ({ text, message }) => {
    const path = join(directory, "config.yaml");
    writeFileSync(path, text);
    const complaint = await refusal(start({ PODWIRE_CONFIG: path }));
    expect(complaint).toContain(`podwired: INVALID_DAEMON_CONFIG: ${path}: `);
    expect(complaint).toContain(message);
  });

  test("when a file lies at its socket, naming it", async () => {
    const podwired = await startRunning();
    await podwired.end("SIGTERM");
    writeFileSync(join(runDirectory, "podwired.sock"), "");
    expect(await refusal(start())).toContain(`HOST_UNFIT: "${runDirectory}/podwired.sock" is no socket`);
  });
});
