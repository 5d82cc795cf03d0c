import { readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { insideNetns, type ThreadControl } from "./inside-netns.ts";

/** A thread whose calls of setns answer as scripted. */
function scripted(answers: readonly number[]) {
  const calls: string[] = [];
  const rest = [...answers];
  const control: ThreadControl = {
    setns: () => {
      calls.push("setns");
      return rest.shift() ?? 0;
    },
    errnoName: () => "EINVAL",
    abort: () => {
      calls.push("abort");
      throw new Error("aborted");
    },
  };
  return { control, calls };
}

test("the action runs between the way in and the way back", () => {
  const { control, calls } = scripted([0, 0]);
  const entered = insideNetns(1, () => calls.push("action"), control);
  expect(entered).toEqual({ entered: true, value: 2 });
  expect(calls).toEqual(["setns", "action", "setns"]);
});

test("a descriptor that cannot be entered runs nothing", () => {
  const { control, calls } = scripted([-1]);
  expect(insideNetns(1, () => calls.push("action"), control)).toEqual({ entered: false, errno: "EINVAL" });
  expect(calls).toEqual(["setns"]);
});

test("the way back is taken when the action throws", () => {
  const { control, calls } = scripted([0, 0]);
  const failing = () => {
    throw new Error("inside");
  };
  expect(() => insideNetns(1, failing, control)).toThrow("inside");
  expect(calls).toEqual(["setns", "setns"]);
});

test("the process dies when the way back fails, whether or not the action succeeded", () => {
  for (const action of [
    () => 1,
    () => {
      throw new Error("inside");
    },
  ]) {
    const { control, calls } = scripted([0, -1]);
    expect(() => insideNetns(1, action, control)).toThrow("aborted");
    expect(calls).toEqual(["setns", "setns", "abort"]);
  }
});

test("an asynchronous action is refused: it would go on after the way back", () => {
  const { control } = scripted([0, 0]);
  expect(() => insideNetns(1, async () => 1, control)).toThrow("must be synchronous");
});

test("the thread is where it was", () => {
  const before = readlinkSync("/proc/thread-self/ns/net");
  insideNetns(-1, () => 1);
  expect(readlinkSync("/proc/thread-self/ns/net")).toBe(before);
});
