import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const moduleUrl = new URL("./standard-error.ts", import.meta.url).href;
/** Writes so many lines of 1,000 characters, says on standard output that it goes on, closes the log and ends. */
const program = (lines: number) => `
  const { openStandardError } = await import(${JSON.stringify(moduleUrl)});
  const log = openStandardError();
  for (let line = 0; line < ${lines}; line++) log.write(String(line).padEnd(999, "x") + "\\n");
  process.stdout.write("goes on");
  await log.close();
  process.exit(0);
`;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-log-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function start(lines: number, stderr: "pipe" | number) {
  const words = ["--conditions=podwire-source", "--input-type=module", "-e", program(lines)];
  return spawn(process.execPath, words, { stdio: ["ignore", "pipe", stderr] });
}

test("a log that nobody reads stops nothing: lines are dropped, and the process ends", async () => {
  const child = start(5_000, "pipe");
  try {
    const said = await once(child.stdout as NodeJS.ReadableStream, "data");
    expect(String(said[0])).toBe("goes on");
    expect(await once(child, "exit")).toEqual([0, null]);
  } finally {
    child.kill("SIGKILL");
  }
}, 20_000);

test("a log that is read loses nothing, and the last line is there at the end", async () => {
  const child = start(500, "pipe");
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await once(child, "close");
  const lines = text.trimEnd().split("\n");
  expect(lines.map((line) => Number.parseInt(line, 10))).toEqual(Array.from({ length: 500 }, (_, line) => line));
});

test("a log in a file loses nothing", async () => {
  const file = join(directory, "log");
  const fd = openSync(file, "w");
  await once(start(3_000, fd), "close");
  closeSync(fd);
  expect(readFileSync(file, "utf8").trimEnd().split("\n")).toHaveLength(3_000);
});
