import { afterAll, afterEach, describe, expect, test } from "vitest";
import { clients, removeClients, runClient } from "./client-under-test.ts";
import { httpAnswer, type Script, type ScriptedDaemon, sends, startScriptedDaemon } from "./scripted-daemon.ts";

const config = '{"cniVersion":"1.0.0","name":"podnet","type":"podwire"}';
const result = '{"cniVersion":"1.0.0","ips":[{"address":"10.0.8.17/32"}]}';
const refusal = '{"cniVersion":"1.0.0","code":7,"msg":"name is missing","details":""}';

const daemons: ScriptedDaemon[] = [];
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.close();
});
afterAll(removeClients);

async function start(script: Script): Promise<ScriptedDaemon> {
  const daemon = await startScriptedDaemon(script);
  daemons.push(daemon);
  return daemon;
}

interface Row {
  readonly name: string;
  readonly verb?: string;
  readonly script: Script;
  readonly exitCode: number;
  readonly stdout: string;
}

const printed: readonly Row[] = [
  { name: "a result", script: sends(httpAnswer(200, result)), exitCode: 0, stdout: result },
  { name: "nothing for a DEL", verb: "DEL", script: sends(httpAnswer(200, "")), exitCode: 0, stdout: "" },
  { name: "nothing for a CHECK", verb: "CHECK", script: sends(httpAnswer(200, "")), exitCode: 0, stdout: "" },
  { name: "nothing for a GC", verb: "GC", script: sends(httpAnswer(200, "")), exitCode: 0, stdout: "" },
  { name: "nothing for a STATUS", verb: "STATUS", script: sends(httpAnswer(200, "")), exitCode: 0, stdout: "" },
  { name: "an error", script: sends(httpAnswer(422, refusal)), exitCode: 1, stdout: refusal },
  { name: "an error of a DEL", verb: "DEL", script: sends(httpAnswer(422, refusal)), exitCode: 1, stdout: refusal },
  { name: "an answer of 2 MB", script: sends(httpAnswer(200, "x".repeat(2e6))), exitCode: 0, stdout: "x".repeat(2e6) },
  { name: "an answer in single bytes", script: trickle(httpAnswer(200, result)), exitCode: 0, stdout: result },
  { name: "the declared length only", script: sends(`${httpAnswer(200, result)}more`), exitCode: 0, stdout: result },
  {
    name: "an answer with its fields in small letters",
    script: sends("HTTP/1.1 200 OK\r\ncontent-length:  2\r\nconnection: close\r\n\r\nok"),
    exitCode: 0,
    stdout: "ok",
  },
  {
    name: "an answer without waiting for the end of the connection",
    script: (socket) => socket.write(httpAnswer(200, result)),
    exitCode: 0,
    stdout: result,
  },
];

const broken: readonly Pick<Row, "name" | "script">[] = [
  { name: "ends without an answer", script: (socket) => socket.end() },
  { name: "is cut off without an answer", script: (socket) => socket.destroy() },
  { name: "ends inside the head", script: sends("HTTP/1.1 200 OK\r\nContent-Le") },
  { name: "ends inside the body", script: sends("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}") },
  { name: "carries a text", script: sends("hello\r\n\r\n") },
  { name: "carries binary noise", script: sends(Buffer.alloc(70_000, 0x81)) },
  { name: "carries zero bytes", script: sends(Buffer.concat([Buffer.alloc(99), Buffer.from("\r\n\r\n")])) },
  { name: "carries HTTP/1.0", script: sends("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}") },
  { name: "carries a status of two digits", script: sends("HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}") },
  { name: "carries no length", script: sends("HTTP/1.1 200 OK\r\n\r\n{}") },
  { name: "carries a length that is no number", script: sends("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}") },
  { name: "carries a negative length", script: sends("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}") },
  { name: "carries a huge length", script: sends("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}") },
  { name: "carries an endless head", script: sends(`HTTP/1.1 200 OK\r\n${"X-Y: z\r\n".repeat(9000)}`) },
  { name: "carries a status that is not the protocol's", script: sends(httpAnswer(503, "busy")) },
  { name: "carries another status of success", script: sends(httpAnswer(204, "")) },
];

for (const client of clients) {
  describe.skipIf(client.path === "")(client.name, () => {
    for (const row of printed) {
      test(`prints ${row.name}, exit code ${row.exitCode}`, async () => {
        const daemon = await start(row.script);
        const environment = { CNI_COMMAND: row.verb ?? "ADD", PODWIRE_RUN_DIR: daemon.runDirectory };
        const ended = await runClient(client, { environment, stdin: config });
        expect(ended).toEqual({ exitCode: row.exitCode, stdout: Buffer.from(row.stdout), stderr: "" });
      });
    }

    for (const { name, script } of broken) {
      test(`makes an I/O failure of a connection that ${name}`, async () => {
        const daemon = await start(script);
        const environment = { CNI_COMMAND: "ADD", PODWIRE_RUN_DIR: daemon.runDirectory };
        const { exitCode, stdout } = await runClient(client, { environment, stdin: config });
        expect({ exitCode, ...JSON.parse(stdout.toString()) }).toEqual({
          exitCode: 1,
          cniVersion: "1.0.0",
          code: 5,
          msg: "podwired's answer is broken",
          details: expect.stringMatching(/^IO_FAILURE; .+; remedy: .+/),
        });
      });
    }
  });
}

function trickle(text: string): Script {
  return (socket) => {
    socket.setNoDelay(true);
    const bytes = Buffer.from(text);
    const next = (at: number) => {
      if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1));
    };
    next(0);
  };
}
