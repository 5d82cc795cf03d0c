import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProbes, type Probe, type Probes } from "./probe.ts";
import type { ProbeProtocol } from "./protocol.ts";

const protocols: readonly ProbeProtocol[] = ["tcp", "udp"];
const address = "127.0.0.1";

describe("a probe", () => {
  let probes: Probes;
  let probe: Probe;

  beforeEach(async () => {
    probes = createProbes();
    probe = await probes.start();
  });
  afterEach(() => probes.close());

  it.each(protocols)("reaches an echo over %s and learns as whom it was seen", async (protocol) => {
    const port = await freePort();
    await probe.listen([address], port);
    const result = await probe.reach({ protocol, address, port, timeoutMs: 5_000, from: "127.0.0.9" });
    expect(result).toMatchObject({ reached: true, seenAs: "127.0.0.9" });
  });

  it.each(protocols)("says what the kernel answers where nobody listens on %s", async (protocol) => {
    const result = await probe.reach({ protocol, address, port: await freePort(), timeoutMs: 5_000 });
    expect(result).toEqual({ reached: false, why: "ECONNREFUSED" });
  });

  it("calls a target that does not answer blocked by timeout", async () => {
    const silent = createSocket("udp4").bind(0, address);
    await once(silent, "listening");
    const { port } = silent.address();
    const result = await probe.reach({ protocol: "udp", address, port, timeoutMs: 150 });
    silent.close();
    expect(result).toEqual({ reached: false, why: "timeout" });
  });

  it("reaches many targets side by side", async () => {
    const port = await freePort();
    await probe.listen([address], port);
    const tries = Array.from({ length: 20 }, () => probe.reach({ protocol: "tcp", address, port, timeoutMs: 5_000 }));
    expect((await Promise.all(tries)).every((result) => result.reached)).toBe(true);
  });

  it("streams numbered datagrams, and says when all came back", async () => {
    const port = await freePort();
    await probe.listen([address], port);
    const stream = await probe.stream({ address, port, intervalMs: 1 });
    await probe.reach({ protocol: "udp", address, port, timeoutMs: 5_000 });
    const { sent, lost } = await stream.end();
    expect(lost).toEqual([]);
    expect(sent).toBeGreaterThan(0);
  });

  it("says which datagrams of a stream were lost", async () => {
    const deaf = createSocket("udp4").bind(0, address);
    await once(deaf, "listening");
    deaf.on("message", (bytes, peer) => {
      if (bytes.toString() !== "#2") deaf.send(bytes, peer.port, peer.address);
    });
    const heardThree = new Promise<void>((resolve) => {
      deaf.on("message", (bytes) => {
        if (bytes.toString() === "#3") resolve();
      });
    });
    const stream = await probe.stream({ address, port: deaf.address().port, intervalMs: 1 });
    await heardThree;
    expect((await stream.end()).lost).toEqual([2]);
    deaf.close();
  });

  it("rejects with the kernel's words when an address cannot be listened on", async () => {
    await expect(probe.listen(["192.0.2.1"], 7000)).rejects.toMatchObject({
      code: "KERNEL_REFUSED",
      message: expect.stringContaining("EADDRNOTAVAIL"),
    });
  });

  it("leaves no process behind when it is closed, and refuses to be used after", async () => {
    await probes.close();
    expect(() => process.kill(probe.pid, 0)).toThrow("ESRCH");
    await expect(probe.listen([address], 7000)).rejects.toMatchObject({ code: "IO_FAILURE" });
  });

  it("fails what is under way when its process dies", async () => {
    const silent = createSocket("udp4").bind(0, address);
    await once(silent, "listening");
    const trying = probe.reach({ protocol: "udp", address, port: silent.address().port, timeoutMs: 60_000 });
    process.kill(probe.pid, "SIGKILL");
    await expect(trying).rejects.toMatchObject({ code: "IO_FAILURE" });
    await expect(probe.listen([address], 7000)).rejects.toMatchObject({ code: "IO_FAILURE" });
    silent.close();
  });
});

it("fails to start where there is no namespace", async () => {
  const probes = createProbes();
  await expect(probes.start("/nonexistent/netns")).rejects.toMatchObject({ code: "IO_FAILURE" });
  await probes.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, "listening");
  const found = server.address();
  server.close();
  await once(server, "close");
  if (found === null || typeof found === "string") throw new Error("the server has no port");
  return found.port;
}
