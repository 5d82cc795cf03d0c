import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

/**
 * The process of a talk (talk.ts): sends back what it gets over UDP and TCP, or sends numbers there and looks which
 * come back, until its standard input ends.
 */
const [role = "", address = "", portText = ""] = process.argv.slice(2);
const port = Number(portText);
const everyMs = 10;
/** What is on its way when the talk ends has this long to come back. */
const lastAnswersMs = 3_000;

if (role === "answer") await answer();
else await talk();

async function answer(): Promise<void> {
  const udp = createSocket("udp4");
  udp.on("message", (bytes, from) => udp.send(bytes, from.port, from.address));
  udp.bind({ address, port });
  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  }).listen({ host: address, port });
  await Promise.all([once(udp, "listening"), once(tcp, "listening")]);
  say("ready");
  await inputEnds();
  process.exit(0);
}

async function talk(): Promise<void> {
  const errors: string[] = [];
  const byUdp = new Set<number>();
  const byTcp = new Set<number>();
  const udp = createSocket("udp4");
  udp.on("message", (bytes) => byUdp.delete(Number(bytes.toString())));
  udp.on("error", ({ message }) => errors.push(`udp: ${message}`));
  udp.connect(port, address);
  const tcp = connect({ host: address, port, noDelay: true });
  tcp.on("error", ({ message }) => errors.push(`tcp: ${message}`));
  tcp.on("end", () => errors.push("tcp: the other side ended the connection"));
  await Promise.all([once(udp, "connect"), once(tcp, "connect")]);
  // An interface of readline throws what its input fails with; that is told above.
  createInterface({ input: tcp })
    .on("error", () => {})
    .on("line", (line) => byTcp.delete(Number(line)));
  let sent = 0;
  const sending = setInterval(() => {
    sent += 1;
    byUdp.add(sent);
    byTcp.add(sent);
    udp.send(`${sent}`, (error) => error && errors.push(`udp: ${error.message}`));
    tcp.write(`${sent}\n`);
  }, everyMs);
  say("ready");
  await inputEnds();
  clearInterval(sending);
  await lastAnswers([byUdp, byTcp]);
  say(JSON.stringify({ sent, lost: { udp: [...byUdp], tcp: [...byTcp] }, errors }));
  process.exit(0);
}

function lastAnswers(missing: readonly ReadonlySet<number>[]): Promise<void> {
  const endMs = performance.now() + lastAnswersMs;
  return new Promise((resolve) => {
    const looking = setInterval(() => {
      if (performance.now() < endMs && missing.some(({ size }) => size > 0)) return;
      clearInterval(looking);
      resolve();
    }, everyMs);
  });
}

async function inputEnds(): Promise<void> {
  process.stdin.resume();
  await once(process.stdin, "end");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
