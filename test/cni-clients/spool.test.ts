import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeFrame, protocol } from "@podwire/core/rpc";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClientUnderTest, clients, type Ended, removeClients, runClient } from "./client-under-test.ts";
import { httpAnswer, type Script, sends, startScriptedDaemon } from "./scripted-daemon.ts";
import { createTemporaryDirectories } from "./temporary-directory.ts";

const config = '{"cniVersion":"1.0.0","name":"podnet","type":"podwire"}';

const directories = createTemporaryDirectories();
let runDirectory: string;
let spool: string;
/** The directory around the run directory, where an escaped entry would show. */
let outside: string;
beforeEach(() => {
  outside = directories.make("podwire-spool-");
  runDirectory = join(outside, "run");
  spool = join(runDirectory, protocol.spoolName);
});
afterEach(() => directories.removeAll());
afterAll(removeClients);

function del(client: ClientUnderTest, containerId = "c1", stdin = config): Promise<Ended> {
  const environment = {
    CNI_COMMAND: "DEL",
    CNI_CONTAINERID: containerId,
    CNI_IFNAME: "eth0",
    PODWIRE_RUN_DIR: runDirectory,
  };
  return runClient(client, { environment, stdin });
}

const kept = { exitCode: 0, stdout: Buffer.alloc(0), stderr: "" };

/** The answer of a DEL that could not be kept, and why. */
function refused(reason: string) {
  return {
    exitCode: 1,
    cniVersion: "1.0.0",
    code: 11,
    msg: "podwired does not answer, and the DEL cannot be kept for it",
    details: expect.stringContaining(`DAEMON_UNREACHABLE; ${reason}; remedy: `),
  };
}

function failureIn({ exitCode, stdout }: Ended): unknown {
  return { exitCode, ...JSON.parse(stdout.toString()) };
}

for (const client of clients) {
  describe.skipIf(client.path === "")(`${client.name} keeps a DEL while no daemon listens`, () => {
    test("as the very request, for root alone, and succeeds", async () => {
      expect(await del(client)).toEqual(kept);
      const [name = "", ...others] = readdirSync(spool);
      expect(others).toEqual([]);
      const frame = decodeFrame(readFileSync(join(spool, name)));
      expect(Buffer.from(frame.stdin).toString()).toBe(config);
      expect(Object.fromEntries(frame.environment)).toEqual({
        CNI_COMMAND: "DEL",
        CNI_CONTAINERID: "c1",
        CNI_IFNAME: "eth0",
      });
      expect([runDirectory, spool, join(spool, name)].map((path) => statSync(path).mode & 0o777)).toEqual([
        0o700, 0o700, 0o600,
      ]);
      expect(name).toMatch(/^\d{15}-\d+-[0-9a-f]{16}$/);
      expect(Number(name.slice(0, 15))).toBe(frame.madeMs);
    });

    test("once for each of many at the same time", async () => {
      const ids = Array.from({ length: 12 }, (_, i) => `c${i}`);
      expect(await Promise.all(ids.map((id) => del(client, id)))).toEqual(ids.map(() => kept));
      const spooled = readdirSync(spool).map((name) => decodeFrame(readFileSync(join(spool, name))));
      expect(spooled.map((frame) => frame.environment.get("CNI_CONTAINERID")).sort()).toEqual(ids.sort());
    });

    for (const id of ["../../../escaped", "/etc/escaped", "..", "a/b", ".hidden", "x\ny", ""]) {
      test(`inside the spool, also for the container id ${JSON.stringify(id)}`, async () => {
        expect(await del(client, id)).toEqual(kept);
        expect(readdirSync(outside)).toEqual(["run"]);
        expect(readdirSync(runDirectory)).toEqual(["spool"]);
        expect(readdirSync(spool)).toEqual([expect.stringMatching(/^\d{15}-\d+-[0-9a-f]{16}$/)]);
      });
    }

    test("up to the last entry and no further; drafts of others do not count", async () => {
      mkdirSync(spool, { recursive: true });
      for (let i = 1; i < protocol.maxSpoolEntries; i++) writeFileSync(join(spool, `entry-${i}`), "");
      writeFileSync(join(spool, ".draft"), "");
      expect(await del(client, "last")).toEqual(kept);
      expect(failureIn(await del(client, "one more"))).toEqual(refused("the spool holds 4096 already"));
      expect(readdirSync(spool)).toHaveLength(protocol.maxSpoolEntries + 1);
    });

    test("unless it is too large", async () => {
      const padded = `${config}${" ".repeat(protocol.maxSpoolEntryBytes)}`;
      expect(failureIn(await del(client, "c1", padded))).toEqual({
        ...refused(""),
        details: expect.stringMatching(/^DAEMON_UNREACHABLE; it has 65\d{3} bytes, more than 65536; remedy: /),
      });
    });

    test("unless a file lies where the spool should be", async () => {
      mkdirSync(runDirectory);
      writeFileSync(spool, "");
      expect(failureIn(await del(client))).toEqual(refused(`${spool} cannot be written (ENOTDIR)`));
    });

    test("unless the run directory cannot be made", async () => {
      writeFileSync(runDirectory, "");
      expect(failureIn(await del(client))).toEqual(refused(`${spool} cannot be written (ENOTDIR)`));
    });
  });

  describe.skipIf(client.path === "")(`${client.name} asks once more after it has kept a DEL`, () => {
    // The socket can be reached by way of the spool directory only, which the client makes between its two attempts.
    async function startLate(script: Script) {
      const daemon = await startScriptedDaemon(script, "late.sock");
      runDirectory = daemon.runDirectory;
      spool = join(runDirectory, protocol.spoolName);
      symlinkSync(`${protocol.spoolName}/../late.sock`, join(runDirectory, protocol.socketName));
      return daemon;
    }

    const rows: readonly { readonly name: string; readonly script: Script; readonly entries: number }[] = [
      { name: "and drops the entry when the daemon did it", script: sends(httpAnswer(200, "")), entries: 0 },
      { name: "and leaves the entry when the daemon failed", script: sends(httpAnswer(422, "{}")), entries: 1 },
      { name: "and leaves the entry when the connection broke", script: sends("nonsense"), entries: 1 },
    ];
    for (const { name, script, entries } of rows) {
      test(name, async () => {
        const daemon = await startLate(script);
        try {
          expect(await del(client)).toEqual(kept);
          expect(daemon.requests.map(({ frame }) => frame.environment.get("CNI_COMMAND"))).toEqual(["DEL"]);
          expect(readdirSync(spool)).toHaveLength(entries);
        } finally {
          await daemon.close();
        }
      });
    }
  });
}
