import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CniVerbs, type DelRequest, encodeFrame, PodwireError, protocol, silentLogger } from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createPrometheusMetrics, type PrometheusMetrics } from "./runtime/prometheus-metrics.ts";
import { createSpool, type Spool } from "./spool.ts";

let outside: string;
let directory: string;
let metrics: PrometheusMetrics;
let clock: VirtualClock;

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), "podwire-replay-"));
  directory = join(outside, "spool");
  mkdirSync(directory);
  metrics = createPrometheusMetrics();
  clock = new VirtualClock();
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

function newSpool(del: CniVerbs["del"]): Spool {
  const never = () => expect.unreachable("only a DEL can come from the spool");
  const verbs: CniVerbs = { add: never, check: never, gc: never, status: never, del };
  return createSpool({ directory, verbs, clock, log: silentLogger, metrics });
}

function recordingSpool() {
  const requests: DelRequest[] = [];
  const spool = newSpool(async (request) => void requests.push(request));
  return { spool, requests };
}

function entry(variables: Readonly<Record<string, string>>, madeMs = 7): Uint8Array {
  const environment = new Map(Object.entries(variables));
  return encodeFrame({ deadlineMs: 30_000, madeMs, environment, stdin: Buffer.from('{"name":"podnet"}') });
}

function del(containerId: string, madeMs?: number): Uint8Array {
  return entry({ CNI_COMMAND: "DEL", CNI_CONTAINERID: containerId, CNI_IFNAME: "eth0" }, madeMs);
}

async function counted(outcome: string): Promise<number> {
  const line = new RegExp(`podwire_spool_entries_total\\{outcome="${outcome}"\\} (\\d+)`).exec(await metrics.expose());
  return Number(line?.[1] ?? 0);
}

describe("a replay", () => {
  test("carries out every DEL, oldest first, with the time it was made, and removes it", async () => {
    writeFileSync(join(directory, "000000000000900-2-b"), del("second", 900));
    writeFileSync(join(directory, "000000000001000-1-a"), del("third", 1000));
    writeFileSync(join(directory, "000000000000800-3-c"), del("first", 800));
    const { spool, requests } = recordingSpool();
    expect(await spool.replay()).toBe(0);
    expect(requests).toEqual([
      { network: "podnet", containerId: "first", ifName: "eth0", madeMs: 800 },
      { network: "podnet", containerId: "second", ifName: "eth0", madeMs: 900 },
      { network: "podnet", containerId: "third", ifName: "eth0", madeMs: 1000 },
    ]);
    expect(readdirSync(directory)).toEqual([]);
    expect(await counted("done")).toBe(3);
  });

  test("leaves a DEL that failed for the next time, and goes on with the others", async () => {
    writeFileSync(join(directory, "1"), del("stuck"));
    writeFileSync(join(directory, "2"), del("fine"));
    let refusals = 1;
    const spool = newSpool(async ({ containerId }) => {
      if (containerId === "stuck" && refusals-- > 0) throw new PodwireError("KERNEL_REFUSED", "delete link failed");
    });
    expect(await spool.replay()).toBe(1);
    expect(readdirSync(directory)).toEqual(["1"]);
    expect(await spool.replay()).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
    expect([await counted("failed"), await counted("done")]).toEqual([1, 2]);
  });

  const broken: readonly { readonly name: string; readonly make: (path: string) => void }[] = [
    { name: "nothing", make: (path) => writeFileSync(path, "") },
    { name: "half a request", make: (path) => writeFileSync(path, del("c1").subarray(0, 40)) },
    { name: "too much", make: (path) => writeFileSync(path, Buffer.alloc(protocol.maxSpoolEntryBytes + 1)) },
    { name: "an ADD", make: (path) => writeFileSync(path, entry({ CNI_COMMAND: "ADD", ...podOf("c1") })) },
    { name: "no container", make: (path) => writeFileSync(path, entry({ CNI_COMMAND: "DEL", CNI_IFNAME: "eth0" })) },
    { name: "a hostile container id", make: (path) => writeFileSync(path, del("../../etc/passwd")) },
    { name: "a link to a file elsewhere", make: (path) => symlinkSync(join(outside, "target"), path) },
    { name: "a named pipe", make: (path) => execFileSync("mkfifo", [path]) },
  ];
  test.each(broken)("drops and counts an entry that is $name", async ({ make }) => {
    writeFileSync(join(outside, "target"), del("elsewhere"));
    make(join(directory, "000000000000800-3-c"));
    const { spool, requests } = recordingSpool();
    expect(await spool.replay()).toBe(0);
    expect([requests, readdirSync(directory), await counted("broken")]).toEqual([[], [], 1]);
    expect(readdirSync(outside).sort()).toEqual(["spool", "target"]);
  });

  test("leaves drafts and directories alone, but not drafts of clients that died long ago", async () => {
    const old = String(clock.bootMs() - 2 * protocol.maxDeadlineMs - 1).padStart(15, "0");
    const young = String(clock.bootMs() - 1000).padStart(15, "0");
    for (const name of [`.${old}-1-a`, `.${young}-2-b`, ".other"]) writeFileSync(join(directory, name), del("draft"));
    mkdirSync(join(directory, "directory"));
    const { spool, requests } = recordingSpool();
    expect(await spool.replay()).toBe(0);
    expect(requests).toEqual([]);
    expect(readdirSync(directory).sort()).toEqual([`.${young}-2-b`, ".other", "directory"].sort());
  });

  test("of a directory that is absent finds nothing", async () => {
    rmSync(directory, { recursive: true });
    expect(await recordingSpool().spool.replay()).toBe(0);
  });

  test("never overlaps another: what comes in meanwhile is carried out once, by the one next", async () => {
    writeFileSync(join(directory, "1"), del("first"));
    const carriedOut: string[] = [];
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const spool = newSpool(async ({ containerId }) => {
      carriedOut.push(containerId);
      begun.resolve();
      await go.promise;
    });
    const first = spool.replay();
    await begun.promise;
    writeFileSync(join(directory, "2"), del("second"));
    const others = [spool.replay(), spool.replay()];
    expect(carriedOut).toEqual(["first"]);
    go.resolve();
    expect(await Promise.all([first, ...others])).toEqual([0, 0, 0]);
    expect(carriedOut).toEqual(["first", "second"]);
  });
});

function podOf(containerId: string) {
  return { CNI_CONTAINERID: containerId, CNI_IFNAME: "eth0", CNI_NETNS: "/run/netns/p" };
}
