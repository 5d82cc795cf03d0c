import { VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";
import { createDeviceIndexes } from "./device-indexes.ts";

test("nobody gets an index that is shown as used, or that another interface has taken", async () => {
  const clock = new VirtualClock();
  const indexes = createDeviceIndexes(clock);
  const take = (id: string, ...shown: number[]) =>
    indexes.take(id, { instanceId: "i-1", shown: new Set([0, ...shown]) });
  expect([take("eni-a", 2), take("eni-b", 2)]).toEqual([1, 3]);
  expect(indexes.take("eni-x", { instanceId: "i-2", shown: new Set([0]) })).toBe(1);
  indexes.free("eni-a");
  expect(take("eni-c", 2)).toBe(1);
  expect(take("eni-c", 1, 2)).toBe(4);
  indexes.attached("eni-b");
  await clock.advance(29_999);
  expect(take("eni-d", 1, 2)).toBe(5);
  await clock.advance(1);
  expect(take("eni-d", 1, 2)).toBe(3);
});
