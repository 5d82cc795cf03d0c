import { budgetedProvider, createCancelSource, neverCancelled, PodwireError } from "@podwire/core";
import { createMemoryProvider, FaultPlan, VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";

const limits = { burst: 2, ratePerSecond: 1, leastRatePerSecond: 0.1 };

function scene() {
  const clock = new VirtualClock();
  const faults = new FaultPlan();
  const cloud = createMemoryProvider({ clock, faults });
  const provider = budgetedProvider(cloud, clock, { read: limits, change: limits });
  const startedMs = clock.bootMs();
  const sentAtMs = () => cloud.calls.map((call) => call.startedMs - startedMs);
  const add = (signal = neverCancelled) =>
    provider.changeBlocks(
      {
        token: `t${Math.trunc(clock.bootMs())}`,
        node: cloud.node,
        interfaceId: "eni-1",
        add: { kind: { family: 4, prefixLength: 32 }, count: 1 },
      },
      { signal },
    );
  return { clock, faults, cloud, provider, sentAtMs, add };
}

test("calls beyond the burst wait in order; reads do not use up what changes need", async () => {
  const { clock, cloud, provider, sentAtMs, add } = scene();
  const all = [1, 2, 3, 4].map(() => provider.describe(cloud.node, { signal: neverCancelled }));
  all.push(add() as never);
  await clock.advance(3_000);
  await Promise.all(all);
  expect(sentAtMs()).toEqual([0, 0, 0, 1_000, 2_000]);
});

test("a call that the cloud throttles slows down those after it, for as long as the cloud says", async () => {
  const { clock, faults, sentAtMs, add } = scene();
  const effect = { kind: "fail", code: "CLOUD_THROTTLED", retryAfterMs: 5_000 } as const;
  faults.add({ action: "changeBlocks", when: { nth: 1 }, effect });
  await expect(add()).rejects.toMatchObject({ code: "CLOUD_THROTTLED" });
  const later = add();
  await clock.advance(5_000);
  await later;
  expect(sentAtMs()).toEqual([0, 5_000]);
});

test.each([
  ["a change", "CLOUD_THROTTLED"],
  ["a read", "CANCELLED"],
])("%s that is given up while it waits was not sent, says so, and uses nothing up", async (what, code) => {
  const { clock, cloud, provider, sentAtMs, add } = scene();
  const call = (signal = neverCancelled) =>
    what === "a read" ? provider.describe(cloud.node, { signal }) : add(signal);
  await Promise.all([call(), call()]);
  const source = createCancelSource();
  const waiting = call(source.signal).catch((error: unknown) => error);
  await clock.advance(500);
  source.abort(new PodwireError("DEADLINE_EXCEEDED", "too late"));
  expect(await waiting).toMatchObject({ code });
  const next = call();
  await clock.advance(500);
  await next;
  expect(sentAtMs()).toEqual([0, 0, 1_000]);
});
