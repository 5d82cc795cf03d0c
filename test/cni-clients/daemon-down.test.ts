import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { protocol } from "@podwire/core/rpc";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { clients, removeClients, runClient } from "./client-under-test.ts";
import { startScriptedDaemon } from "./scripted-daemon.ts";
import { createTemporaryDirectories } from "./temporary-directory.ts";

const stdin = '{"cniVersion":"1.1.0","name":"podnet","type":"podwire"}';

const directories = createTemporaryDirectories();
let directory: string;
beforeEach(() => {
  directory = directories.make("podwire-down-");
});
afterEach(() => directories.removeAll());
afterAll(removeClients);

const verbs: readonly { readonly verb: string; readonly code: number; readonly details: RegExp }[] = [
  { verb: "ADD", code: 11, details: /^DAEMON_UNREACHABLE; connect failed with ENOENT; remedy: start podwired/ },
  { verb: "CHECK", code: 11, details: /^DAEMON_UNREACHABLE; connect failed with ENOENT; remedy: start podwired/ },
  { verb: "GC", code: 11, details: /^DAEMON_UNREACHABLE; connect failed with ENOENT; remedy: start podwired/ },
  { verb: "STATUS", code: 50, details: /^NOT_READY; DAEMON_UNREACHABLE: connect failed with ENOENT: start podwired/ },
];

/** Ways for nobody to listen on `path`. */
const silences: readonly {
  readonly name: string;
  readonly reason: string;
  readonly prepare: (path: string) => unknown;
}[] = [
  { name: "is a file", reason: "ECONNREFUSED", prepare: (path) => writeFileSync(path, "") },
  { name: "is a directory", reason: "ECONNREFUSED", prepare: (path) => mkdirSync(path) },
  { name: "was left by a daemon that died", reason: "ECONNREFUSED", prepare: leaveSocket },
];

for (const client of clients) {
  describe.skipIf(client.path === "")(`${client.name}, while no daemon listens`, () => {
    for (const { verb, code, details } of verbs) {
      test(`answers ${verb} with ${code}`, async () => {
        const { exitCode, stdout } = await runClient(client, {
          environment: { CNI_COMMAND: verb, PODWIRE_RUN_DIR: directory },
          stdin,
        });
        expect({ exitCode, ...JSON.parse(stdout.toString()) }).toEqual({
          exitCode: 1,
          cniVersion: "1.1.0",
          code,
          msg: `podwired does not answer on ${directory}/podwired.sock`,
          details: expect.stringMatching(details),
        });
      });
    }

    for (const { name, reason, prepare } of silences) {
      test(`says so when the socket ${name}`, async () => {
        await prepare(join(directory, protocol.socketName));
        const environment = { CNI_COMMAND: "ADD", PODWIRE_RUN_DIR: directory };
        const { exitCode, stdout } = await runClient(client, { environment, stdin });
        expect(exitCode).toBe(1);
        expect(JSON.parse(stdout.toString())).toMatchObject({ code: 11, details: expect.stringContaining(reason) });
      });
    }
  });

  describe.skipIf(client.path === "")(`${client.name}, when the time is over`, () => {
    const late = { msg: "podwired did not answer within 2000 ms", exitCode: 1 };
    const rows = [
      { name: "an ADD", verb: "ADD", stdin, expected: { ...late, code: 11 } },
      { name: "a DEL, which is not spooled: the daemon has it", verb: "DEL", stdin, expected: { ...late, code: 11 } },
      { name: "a STATUS", verb: "STATUS", stdin, expected: { ...late, code: 50 } },
      {
        name: "a standard input that nobody closes",
        verb: "ADD",
        stdin: "open",
        expected: { msg: "standard input did not end within 2000 ms", code: 5, exitCode: 1 },
      },
    ];
    // The shortest deadline the clients accept is 2 s, and they wait 1 s longer; hence side by side.
    test.concurrent.for(rows)("gives up $name", { timeout: 20_000 }, async (row, { expect: expectHere }) => {
      const daemon = await startScriptedDaemon(() => {});
      try {
        const environment = {
          CNI_COMMAND: row.verb,
          PODWIRE_RUN_DIR: daemon.runDirectory,
          PODWIRE_DEADLINE_MS: "2000",
        };
        const { exitCode, stdout } = await runClient(client, { environment, stdin: row.stdin });
        expectHere({ exitCode, ...JSON.parse(stdout.toString()) }).toMatchObject(row.expected);
      } finally {
        await daemon.close();
      }
    });

    test.concurrent("still answers VERSION when nobody closes its standard input", { timeout: 20_000 }, async () => {
      const environment = { CNI_COMMAND: "VERSION", PODWIRE_DEADLINE_MS: "2000" };
      const { exitCode, stdout } = await runClient(client, { environment, stdin: "open" });
      expect({ exitCode, ...JSON.parse(stdout.toString()) }).toMatchObject({ exitCode: 0, cniVersion: "1.1.0" });
    });
  });
}

/** A socket file without anybody behind it, as SIGKILL leaves it. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  // Node removes the file of a server it closes; a hard link keeps what a killed process would leave.
  await new Promise<void>((resolve) => server.listen(`${path}.live`, resolve));
  linkSync(`${path}.live`, path);
  await new Promise((resolve) => server.close(resolve));
}
