import { expect, test } from "vitest";
import { PodwireError } from "../errors/podwire-error.ts";
import type { Clock } from "./clock.ts";
import { measure } from "./measure.ts";
import type { Metrics } from "./metrics.ts";

const labels = { action: "describe" };
const series = { name: "podwire_cloud_call_seconds", labels } as const;

function tools() {
  const seen: unknown[] = [];
  const metrics: Metrics = { count: () => {}, set: () => {}, observe: (...observed) => void seen.push(observed) };
  const clock: Clock = {
    wallMs: () => 0,
    bootMs: () => 0,
    startStopwatch: () => () => 250,
    startTimer: () => () => {},
  };
  return { seen, metrics, clock };
}

test("a success is observed in seconds, and its answer passed on", async () => {
  const { seen, ...own } = tools();
  expect(await measure(own, series, async () => "answer")).toBe("answer");
  expect(seen).toEqual([["podwire_cloud_call_seconds", { action: "describe", outcome: "ok" }, 0.25]]);
});

test("a failure is observed by its code, and passed on as it is", async () => {
  const { seen, ...own } = tools();
  const failure = new PodwireError("CLOUD_THROTTLED", "too many calls");
  await expect(measure(own, series, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(seen).toEqual([["podwire_cloud_call_seconds", { action: "describe", outcome: "CLOUD_THROTTLED" }, 0.25]]);
});
