import { describe, expect, test } from "vitest";
import { captureProgram, runProgram } from "./child.ts";

const node = (program: string) => [process.execPath, "--eval", program];

describe("a program", () => {
  test("ends with its exit code, and what it printed on both streams", async () => {
    const run = await captureProgram(node("console.log('out'); console.error('err'); process.exitCode = 7"));
    expect(run).toMatchObject({ exitCode: 7, signal: null });
    expect(run.output.split("\n").sort()).toEqual(["", "err", "out"]);
  });

  test("that is killed ends with the signal", async () => {
    const end = await runProgram(node("process.kill(process.pid, 'SIGKILL')"), { stdio: "ignore" });
    expect(end).toEqual({ exitCode: null, signal: "SIGKILL" });
  });

  test("that is detached takes along what it has started: what holds its output open does not hold us", async () => {
    const stray = `child_process.spawn(process.execPath, ["--eval", "setTimeout(() => {}, 20_000)"], { stdio: "inherit" })`;
    const run = await captureProgram(node(`${stray}; process.exit(7)`), { detached: true });
    expect(run).toMatchObject({ exitCode: 7 });
  });

  test("that does not exist is an error that names it", async () => {
    await expect(runProgram(["/nonexistent/program"])).rejects.toThrow(/\/nonexistent\/program/);
  });

  test("leaves no listener for signals behind", async () => {
    const before = process.listenerCount("SIGINT");
    await runProgram(node(""), { stdio: "ignore" });
    expect(process.listenerCount("SIGINT")).toBe(before);
  });
});
