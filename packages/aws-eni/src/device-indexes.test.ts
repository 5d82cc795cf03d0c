import { VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";
import { createDeviceIndexes } from "./device-indexes.ts";

test("nobody gets an index that is shown as used, or that another one has taken", async () => {
  const clock = new VirtualClock();
  const indexes = createDeviceIndexes(clock);
  const take = (...shown: number[]) => indexes.take("i-1", new Set([0, ...shown]));
  const [first, second] = [take(2), take(2)];
  expect([first.deviceIndex, second.deviceIndex]).toEqual([1, 3]);
  expect(indexes.take("i-2", new Set([0])).deviceIndex).toBe(1);
  first.free();
  expect(take(2).deviceIndex).toBe(1);
  second.keep();
  await clock.advance(29_999);
  expect(take(2).deviceIndex).toBe(4);
  await clock.advance(1);
  expect(take(2).deviceIndex).toBe(3);
});
