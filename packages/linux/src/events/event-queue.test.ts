import type { HostEvent } from "@podwire/core";
import { expect, test } from "vitest";
import { createEventQueue } from "./event-queue.ts";

async function readAll(queue: ReturnType<typeof createEventQueue>, count: number): Promise<HostEvent[]> {
  const events: HostEvent[] = [];
  for await (const event of queue.read()) if (events.push(event) === count) break;
  return events;
}

test("events come in order, one that waits already only once", async () => {
  const queue = createEventQueue();
  const link: HostEvent = { kind: "link", ifName: "eth0", change: "changed" };
  for (const event of [link, { kind: "route" }, link, { kind: "route" }, { kind: "addr" }] as const) queue.push(event);
  expect(await readAll(queue, 3)).toEqual([link, { kind: "route" }, { kind: "addr" }]);
});

test("a waiting reader is woken", async () => {
  const queue = createEventQueue();
  const reading = readAll(queue, 1);
  queue.push({ kind: "rule" });
  expect(await reading).toEqual([{ kind: "rule" }]);
});

test("too many become one overrun, and later ones are told again", async () => {
  const queue = createEventQueue();
  for (let i = 0; i <= 1024; i++) queue.push({ kind: "link", ifName: `v${i}`, change: "changed" });
  queue.push({ kind: "addr" });
  expect(await readAll(queue, 2)).toEqual([{ kind: "overrun" }, { kind: "addr" }]);
});

test("the end ends a waiting reader, and one that has not begun", async () => {
  const queue = createEventQueue();
  const reading = readAll(queue, 1);
  queue.end();
  expect(await reading).toEqual([]);
  queue.push({ kind: "addr" });
  expect(await readAll(queue, 1)).toEqual([]);
});
