import { PodwireError } from "@podwire/core";
import { expect, test } from "vitest";
import { createJsonLogger } from "./json-logger.ts";

function recordLines(level: "debug" | "info" | "warn" | "error" = "debug") {
  const lines: string[] = [];
  const log = createJsonLogger(level, { write: (line) => void lines.push(line) });
  return { log, parsed: () => lines.map((line) => JSON.parse(line)) };
}

test("an event is one line of JSON with its level, its time and its fields", () => {
  const { log, parsed } = recordLines();
  log.info("block assigned", { cidr: "10.0.8.16/28", count: 16 });
  expect(parsed()).toEqual([
    {
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      event: "block assigned",
      cidr: "10.0.8.16/28",
      count: 16,
    },
  ]);
});

test.each([
  ["debug", 4],
  ["info", 3],
  ["warn", 2],
  ["error", 1],
] as const)("at level %s, %i of the four levels are logged", (level, count) => {
  const { log, parsed } = recordLines(level);
  for (const each of ["debug", "info", "warn", "error"] as const) log[each]("event");
  expect(parsed()).toHaveLength(count);
});

test("an error shows its code, its message and what it was about", () => {
  const { log, parsed } = recordLines();
  log.error("assign failed", { error: new PodwireError("CLOUD_THROTTLED", "too fast", { retryAfterMs: 7 }) });
  expect(parsed()[0].error).toEqual({ code: "CLOUD_THROTTLED", message: "too fast", retryAfterMs: 7 });
});

const strange: Readonly<Record<string, unknown>> = { number: 1n, thrown: new Error("boom"), text: "a\nb\u0007" };

test.each(Object.keys(strange))("a field that JSON does not know (%s) is shown all the same", (name) => {
  const { log, parsed } = recordLines();
  log.warn("event", { [name]: strange[name] });
  expect(parsed()).toMatchObject([
    { event: "event", [name]: name === "thrown" ? { message: "boom" } : expect.anything() },
  ]);
});

test("a field that holds itself does not throw", () => {
  const { log, parsed } = recordLines();
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  log.warn("event", { loop });
  expect(parsed()).toHaveLength(1);
});

test("fields cannot take the place of level, time and event", () => {
  const { log, parsed } = recordLines();
  log.info("real", { event: "forged", level: "fatal", time: 0 });
  expect(parsed()).toMatchObject([{ event: "real", level: "info", event_: "forged", level_: "fatal", time_: 0 }]);
});
