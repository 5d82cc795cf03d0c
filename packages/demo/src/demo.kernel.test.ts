import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { nodeProgram } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Check } from "./journal.ts";
import type { Findings } from "./story.ts";

const timeoutMs = 180_000;

describe("the demo", { timeout: timeoutMs }, () => {
  let scratch: string;
  let demo: ChildProcessByStdio<null, Readable, null> | undefined;

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), "demo-test-"));
  });
  afterEach(async () => {
    if (demo?.exitCode === null && demo.signalCode === null) {
      demo.kill("SIGTERM");
      await once(demo, "close");
    }
    expect(readdirSync(scratch).filter((name) => name.startsWith("podwire-"))).toEqual([]);
    rmSync(scratch, { recursive: true });
  });

  const start = (...argv: readonly string[]) => {
    const [command = "", ...rest] = [...nodeProgram(import.meta.url, "main"), ...argv];
    demo = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TMPDIR: scratch } });
    return { demo, output: collect(demo.stdout) };
  };

  it("holds in every check, and says what it saw as JSON", async () => {
    const file = join(scratch, "demo.json");
    const { demo, output } = start("--pods", "2", "--json", file);
    const [code] = await once(demo, "close");
    expect({ code, output: code === 0 ? "" : output() }).toEqual({ code: 0, output: "" });
    const record = JSON.parse(readFileSync(file, "utf8")) as Findings & { readonly checks: readonly Check[] };
    expect(record.checks.filter(({ held }) => !held)).toEqual([]);
    expect(record.adds.map(({ pod }) => pod)).toEqual(["pod-1-1", "pod-1-2", "pod-2-1", "pod-2-2"]);
    expect(record.adds.every(({ daemonMs, kernelMs }) => daemonMs !== undefined && kernelMs !== undefined)).toBe(true);
    expect(record.matrix).toHaveLength(2 * (7 * 6 + 4 + 3 + 4 + 3 + 4 + 3));
    for (const node of ["node-1", "node-2"]) {
      expect(record.ec2Calls[node]?.["AssignPrivateIpAddresses"]).toBeGreaterThan(0);
    }
    expect(record.crash?.streams.map(({ from, to, lost }) => ({ from, to, lost }))).toEqual([
      { from: "pod-1-1", to: "pod-2-1", lost: [] },
      { from: "pod-1-2", to: "pod-2-2", lost: [] },
    ]);
    expect(record.crash?.streams.every(({ sent }) => sent > 0)).toBe(true);
    expect(record.kernelDrift?.backAfterMs).toBeGreaterThan(0);
    expect(record.held).toMatchObject([{ addresses: 4 }, { addresses: 4 }]);
    expect(record.heldAtEnd).toMatchObject([
      { addresses: 2, idleInterfaces: 0 },
      { addresses: 2, idleInterfaces: 0 },
    ]);
    expect(record.drops["undeliverable"]).toBeGreaterThan(0);
    expect(record.contradictions).toEqual([]);
  });

  it("ends with 1 and says why when podwired dies under it, and leaves nothing", async () => {
    const { demo, output } = start("--pods", "1", "--keep");
    await expect.poll(output, { timeout: timeoutMs / 2 }).toContain("It stays as it is until Ctrl-C");
    const daemons = descendantsOf(demo.pid).filter((pid) =>
      read(`/proc/${pid}/cmdline`).includes("/daemon/src/main.ts"),
    );
    for (const pid of daemons) process.kill(pid, "SIGKILL");
    expect(daemons).toHaveLength(2);
    demo.kill("SIGINT");
    const [code] = await once(demo, "close");
    expect(code).toBe(1);
    for (const failed of ["podwired of node-1 is there", "podwired brings them back", "STATUS says 51"]) {
      expect(output()).toContain(`FAIL ${failed}`);
    }
    expect(output()).toContain("ok   nothing is left");
  });

  it.each([
    { when: "while podwired starts", line: "podwired starts" },
    { when: "while it is killed and started again", line: "kill -9 of process" },
  ])("puts everything away when it is interrupted $when, and ends with 130", async ({ line }) => {
    const { demo, output } = start("--pods", "1");
    await expect.poll(output, { timeout: timeoutMs / 2, interval: 5 }).toContain(line);
    const started = descendantsOf(demo.pid);
    demo.kill("SIGINT");
    const [code] = await once(demo, "close");
    expect(code).toBe(130);
    expect(output()).toContain("ok   nothing is left");
    expect(started.length).toBeGreaterThan(4);
    expect(started.filter((pid) => read(`/proc/${pid}/cmdline`) !== "")).toEqual([]);
  });
});

it("explains itself, and what is wrong with its options", async () => {
  const ends = await Promise.all(
    [["--help"], ["--pods", "77"]].map(async (argv) => {
      const [command = "", ...rest] = [...nodeProgram(import.meta.url, "main"), ...argv];
      const child = spawn(command, rest, { stdio: ["ignore", "ignore", "pipe"] });
      const output = collect(child.stderr);
      const [code] = await once(child, "close");
      return [code, output().split("\n", 1)[0]];
    }),
  );
  expect(ends).toEqual([
    [0, ""],
    [2, '--pods takes 1 to 8, not "77"'],
  ]);
});

function collect(stream: Readable): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return () => text;
}

/** Pids of everything that a process started, and of what that started. Tests run beside this one. */
function descendantsOf(pid: number | undefined): readonly number[] {
  const parents = readdirSync("/proc").flatMap((name): [number, number][] => {
    const status = /^\d+$/.test(name) ? read(`/proc/${name}/status`) : "";
    return status === "" ? [] : [[Number(name), Number(/^PPid:\t(\d+)$/m.exec(status)?.[1])]];
  });
  const found = new Set([pid ?? 0]);
  for (let size = 0; size < found.size; ) {
    size = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  return [...found].slice(1);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
