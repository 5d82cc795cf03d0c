import { scanCniVersion } from "@podwire/core/cni";
import { protocol } from "@podwire/core/rpc";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type ClientUnderTest, clients, type Run, removeClients, runClient } from "./client-under-test.ts";
import { httpAnswer, type ScriptedDaemon, sends, startScriptedDaemon } from "./scripted-daemon.ts";

const config = '{"cniVersion":"0.4.0","name":"podnet","type":"podwire"}';

const daemons: ScriptedDaemon[] = [];
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.close();
});
afterAll(removeClients);

async function start(): Promise<ScriptedDaemon> {
  const daemon = await startScriptedDaemon(sends(httpAnswer(200, "")));
  daemons.push(daemon);
  return daemon;
}

/** The error object the client printed, with its exit code. */
async function failureOf(client: ClientUnderTest, run: Run): Promise<unknown> {
  const { exitCode, stdout } = await runClient(client, run);
  return { exitCode, ...JSON.parse(stdout.toString()) };
}

const forwarded: readonly { readonly name: string; readonly stdin: Uint8Array }[] = [
  { name: "a configuration", stdin: Buffer.from(config) },
  { name: "nothing", stdin: Buffer.alloc(0) },
  { name: "malformed JSON", stdin: Buffer.from("{name: podnet}") },
  { name: "truncated JSON", stdin: Buffer.from(config.slice(0, -9)) },
  { name: "1 MB of unknown keys", stdin: Buffer.from(`{"filler":"${"x".repeat(1e6)}"}`) },
  { name: "bytes that are no UTF-8", stdin: Buffer.from([0x7b, 0xff, 0xfe, 0x80, 0x00, 0xc0, 0x7d]) },
  { name: "as much as is allowed", stdin: Buffer.alloc(protocol.maxStdinBytes, " ") },
];

const badEnvironments: readonly {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly msg: string;
}[] = [
  {
    name: "no CNI_COMMAND",
    environment: {},
    msg: "CNI_COMMAND is missing; known are ADD, DEL, CHECK, GC, STATUS, VERSION",
  },
  {
    name: "an empty CNI_COMMAND",
    environment: { CNI_COMMAND: "" },
    msg: "CNI_COMMAND is missing; known are ADD, DEL, CHECK, GC, STATUS, VERSION",
  },
  {
    name: "an unknown CNI_COMMAND",
    environment: { CNI_COMMAND: "add" },
    msg: 'CNI_COMMAND "add" is not a verb; known are ADD, DEL, CHECK, GC, STATUS, VERSION',
  },
  {
    name: "a hostile CNI_COMMAND",
    environment: { CNI_COMMAND: 'ADD"\\\n\t\u0007ü%s%n' },
    msg: 'CNI_COMMAND "ADD???????%s%n" is not a verb; known are ADD, DEL, CHECK, GC, STATUS, VERSION',
  },
  {
    name: "a CNI_COMMAND without end",
    environment: { CNI_COMMAND: "A".repeat(10_000) },
    msg: `CNI_COMMAND "${"A".repeat(61)}..." is not a verb; known are ADD, DEL, CHECK, GC, STATUS, VERSION`,
  },
  ...["1999", "300001", "9999999999999999999", "-5000", "5e3", "5000ms"].map((value) => ({
    name: `a deadline of ${value}`,
    environment: { CNI_COMMAND: "ADD", PODWIRE_DEADLINE_MS: value },
    msg: `PODWIRE_DEADLINE_MS "${value}" is not a number of milliseconds from 2000 to 300000`,
  })),
  {
    name: "a relative run directory",
    environment: { CNI_COMMAND: "ADD", PODWIRE_RUN_DIR: "run/podwire" },
    msg: 'PODWIRE_RUN_DIR "run/podwire" is not an absolute path of at most 64 bytes',
  },
  {
    name: "a run directory that is too long for a socket",
    environment: { CNI_COMMAND: "ADD", PODWIRE_RUN_DIR: `/${"d".repeat(64)}` },
    msg: `PODWIRE_RUN_DIR "/${"d".repeat(60)}..." is not an absolute path of at most 64 bytes`,
  },
];

for (const client of clients) {
  describe.skipIf(client.path === "")(client.name, () => {
    for (const { name, stdin } of forwarded) {
      test(`forwards ${name}, byte for byte`, async () => {
        const daemon = await start();
        const environment = { CNI_COMMAND: "ADD", PODWIRE_RUN_DIR: daemon.runDirectory };
        expect(await runClient(client, { environment, stdin })).toMatchObject({ exitCode: 0, stderr: "" });
        expect(Buffer.compare(stdin, daemon.requests[0]?.frame.stdin ?? Buffer.from("none"))).toBe(0);
        expect(daemon.requests).toHaveLength(1);
      });
    }

    test("asks as the protocol says: the CNI_ variables and no others, the deadline, the time of the start", async () => {
      const daemon = await start();
      const cni = {
        CNI_COMMAND: "ADD",
        CNI_CONTAINERID: "../../etc",
        CNI_ARGS: "A=1;B=ü=2",
        CNI_: "odd",
        CNI_EMPTY: "",
      };
      const other = { PATH: "/bin", XCNI_A: "1", cni_b: "2", PODWIRE_DEADLINE_MS: "4321" };
      const beforeMs = monotonicMs();
      await runClient(client, { environment: { ...cni, ...other, PODWIRE_RUN_DIR: daemon.runDirectory } });
      const [request] = daemon.requests;
      expect(request?.head.split("\r\n")).toEqual([
        "POST /v1/cni HTTP/1.1",
        "Host: podwired",
        "Connection: close",
        "Content-Type: application/vnd.podwire.cni",
        expect.stringMatching(/^Content-Length: \d+$/),
      ]);
      expect(Object.fromEntries(request?.frame.environment ?? [])).toEqual(cni);
      expect(request?.frame.deadlineMs).toBe(4321);
      expect(request?.frame.madeMs).toBeGreaterThanOrEqual(beforeMs);
      expect(request?.frame.madeMs).toBeLessThanOrEqual(monotonicMs());
    });

    test("refuses a standard input that is too large, without asking", async () => {
      const daemon = await start();
      const stdin = Buffer.concat([Buffer.from(config), Buffer.alloc(protocol.maxStdinBytes, " ")]);
      const environment = { CNI_COMMAND: "DEL", PODWIRE_RUN_DIR: daemon.runDirectory };
      expect(await failureOf(client, { environment, stdin })).toMatchObject({
        exitCode: 1,
        cniVersion: "0.4.0",
        code: 6,
        msg: "standard input is larger than 4194304 bytes",
      });
      expect(daemon.requests).toEqual([]);
    });

    for (const { name, environment, msg } of badEnvironments) {
      test(`refuses ${name}, naming it`, async () => {
        expect(await failureOf(client, { environment, stdin: "open" })).toMatchObject({
          exitCode: 1,
          cniVersion: "1.1.0",
          code: 4,
          msg,
          details: expect.stringMatching(/^INVALID_ENVIRONMENT; remedy: /),
        });
      });
    }

    test("refuses more CNI_ variables than a request holds", async () => {
      const environment: Record<string, string> = { CNI_COMMAND: "ADD" };
      for (let i = 0; i < 12; i++) environment[`CNI_X${i}`] = "v".repeat(100_000);
      expect(await failureOf(client, { environment })).toMatchObject({
        code: 4,
        msg: "the CNI_ variables are larger than 1048512 bytes",
      });
    });

    for (const stdin of ['{"cniVersion":"0.3.1"}', '{"cniVersion":"9.9.9"}', '{"cniVersion":1}', "{", ""]) {
      test(`its own errors carry the version that ${JSON.stringify(stdin)} asks for`, async () => {
        const environment = { CNI_COMMAND: "ADD", PODWIRE_RUN_DIR: "/nonexistent" };
        expect(await failureOf(client, { environment, stdin })).toMatchObject({
          cniVersion: scanCniVersion(Buffer.from(stdin)) ?? "1.1.0",
        });
      });
    }

    test("works with a umask of 077 and 64 descriptors", async () => {
      const daemon = await start();
      const environment = { CNI_COMMAND: "ADD", PODWIRE_RUN_DIR: daemon.runDirectory };
      const shell = 'umask 077; ulimit -n 64; exec "$0"';
      expect(await runClient(client, { environment, shell })).toMatchObject({ exitCode: 0, stderr: "" });
    });

    test("works with closed standard descriptors, and its socket is none of them", async () => {
      const daemon = await start();
      const environment = { CNI_COMMAND: "ADD", PODWIRE_RUN_DIR: daemon.runDirectory };
      const { exitCode } = await runClient(client, { environment, shell: 'exec "$0" <&- >&- 2>&-' });
      expect(exitCode).toBe(0);
      expect(daemon.requests[0]?.frame.stdin).toHaveLength(0);
    });
  });
}

/** As the clients count time. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
