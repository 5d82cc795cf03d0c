import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Config,
  encodeFrame,
  type LogFields,
  type NodeAgent,
  type NodeReport,
  PodwireError,
  parseConfig,
  silentLogger,
} from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DaemonOptions, runDaemon } from "./daemon.ts";

const report: NodeReport = {
  ready: true,
  problems: [],
  node: undefined,
  pools: [],
  interfaces: [],
  blocks: [],
  attachments: [],
  operations: [],
  describedMs: undefined,
};

let outside: string;
let runDirectory: string;
/** What happened, in order. */
let steps: string[];
let logged: string[];
let stop: AbortController;
let clock: VirtualClock;

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), "podwire-daemon-"));
  runDirectory = join(outside, "run");
  steps = [];
  logged = [];
  stop = new AbortController();
  clock = new VirtualClock();
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

/** Writes down what the daemon asks of it, and whether the socket was there at that time. */
function recordingAgent(changed: Partial<NodeAgent> = {}): NodeAgent {
  return {
    add: async () => ({}),
    check: async () => {},
    gc: async () => {},
    status: async () => {},
    del: async ({ containerId }) => note(`del ${containerId}`),
    recover: async () => note("recover"),
    run: async (signal) => {
      note("run");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      note("loops end");
    },
    refresh: () => {},
    report: () => report,
    publishMetrics: () => note("publish metrics"),
    ...changed,
  };
}

function note(step: string): void {
  const listens = readdirSync(runDirectory).includes("podwired.sock");
  steps.push(listens ? `${step}, listening` : step);
}

function options(agent: NodeAgent = recordingAgent(), config: Partial<Config> = {}): DaemonOptions {
  const log = (event: string, fields?: LogFields) => void logged.push(`${event} ${JSON.stringify(fields ?? {})}`);
  return {
    config: { ...parseConfig({ cloud: "aws", runDirectory }), ...config },
    clock,
    log: { ...silentLogger, info: log, warn: log, error: log },
    wireNode: async () => ({ agent, close: () => note("close cloud and kernel") }),
    signal: stop.signal,
  };
}

/** Starts a daemon and waits until its loops run. */
async function start(
  agent: Partial<NodeAgent> = {},
  config: Partial<Config> = {},
): Promise<{ readonly ended: Promise<void> }> {
  const started = Promise.withResolvers<void>();
  const recording = recordingAgent(agent);
  const run: NodeAgent["run"] = (signal) => {
    started.resolve();
    return recording.run(signal);
  };
  const ended = runDaemon(options({ ...recording, run }, config));
  await Promise.race([started.promise, ended]);
  return { ended };
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

function spool(containerId: string): void {
  mkdirSync(join(runDirectory, "spool"), { recursive: true, mode: 0o700 });
  const environment = new Map(Object.entries({ CNI_COMMAND: "DEL", CNI_CONTAINERID: containerId, CNI_IFNAME: "eth0" }));
  const frame = encodeFrame({ deadlineMs: 30_000, madeMs: 1, environment, stdin: Buffer.from("{}") });
  writeFileSync(join(runDirectory, "spool", "000000000000001-1-a"), frame);
}

describe("podwired", () => {
  test("recovers, replays the spool, listens, then runs; and ends the other way round", async () => {
    spool("c1");
    const { ended } = await start();
    stop.abort();
    await ended;
    expect(steps).toEqual(["recover", "del c1", "run, listening", "loops end", "close cloud and kernel"]);
    expect(readdirSync(runDirectory).sort()).toEqual(["podwired.lock", "spool", "state.db"]);
  });

  test("serves its status and its metrics", async () => {
    const { ended } = await start();
    expect(JSON.parse(await fetchText("/v1/status"))).toMatchObject({ ready: true, pools: [] });
    expect(await fetchText("/metrics")).toContain("# TYPE podwire_cni_request_seconds histogram");
    expect(steps).toContain("publish metrics, listening");
    stop.abort();
    await ended;
  });

  test("starts again where it was stopped", async () => {
    for (const _ of [1, 2]) {
      stop = new AbortController();
      const { ended } = await start();
      stop.abort();
      await ended;
    }
    expect(logged.filter((line) => line.includes("set aside"))).toEqual([]);
  });

  test("sets a damaged state aside, says so, and starts", async () => {
    mkdirSync(runDirectory, { mode: 0o700 });
    writeFileSync(join(runDirectory, "state.db"), "damaged ".repeat(1000));
    const { ended } = await start();
    stop.abort();
    await ended;
    expect(logged.find((line) => line.startsWith("state set aside"))).toContain('"why":"damaged"');
  });
});

describe("podwired does not start", () => {
  test("beside another one with the same directory, which is not disturbed", async () => {
    const { ended } = await start();
    await expect(runDaemon(options())).rejects.toMatchObject({
      code: "SOCKET_TAKEN",
      message: expect.stringContaining(join(runDirectory, "podwired.lock")),
    });
    expect(JSON.parse(await fetchText("/v1/status"))).toMatchObject({ ready: true });
    stop.abort();
    await ended;
  });

  const failures: readonly {
    readonly name: string;
    readonly agent: Partial<NodeAgent>;
    readonly prepare?: () => void;
  }[] = [
    {
      name: "when recovery fails",
      agent: { recover: () => Promise.reject(new PodwireError("KERNEL_REFUSED", "no netlink")) },
    },
    {
      name: "when something else lies at its socket",
      agent: {},
      prepare: () => mkdirSync(join(runDirectory, "podwired.sock")),
    },
    { name: "when its loops fail", agent: { run: () => Promise.reject(new PodwireError("INTERNAL", "a defect")) } },
  ];
  test.each(failures)(
    "$name, and leaves nothing behind that keeps the next one from it",
    async ({ agent, prepare }) => {
      mkdirSync(runDirectory, { mode: 0o700 });
      prepare?.();
      await expect(runDaemon(options(recordingAgent(agent)))).rejects.toBeInstanceOf(PodwireError);
      expect(steps.at(-1)).toMatch(/^close cloud and kernel/);
      rmSync(join(runDirectory, "podwired.sock"), { recursive: true, force: true });
      const { ended } = await start();
      stop.abort();
      await ended;
    },
  );

  test("with a metrics port that is none", async () => {
    const daemon = runDaemon(options(recordingAgent(), { metrics: { listen: "127.0.0.1:99999" } }));
    await expect(daemon).rejects.toMatchObject({ code: "HOST_UNFIT", message: expect.stringContaining("99999") });
    expect(readdirSync(runDirectory)).not.toContain("podwired.sock");
  });
});

test("loops that do not end are waited for, but not for ever", async () => {
  const { ended } = await start({ run: () => new Promise<never>(() => {}) });
  stop.abort();
  await expect.poll(() => clock.pendingTimers).toBe(1);
  await clock.advance(10_000);
  await ended;
  expect(steps.at(-1)).toBe("close cloud and kernel");
});
