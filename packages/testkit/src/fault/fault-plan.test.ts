import { expect, test } from "vitest";
import { VirtualClock } from "../clock/virtual-clock.ts";
import { SeededRandom } from "../random/seeded-random.ts";
import { type FaultEffect, FaultPlan, type FaultRule } from "./fault-plan.ts";
import { callWithFaults } from "./faulty-call.ts";

const fail: FaultEffect = { kind: "fail", code: "BROKEN" };

/** Which of ten calls of `assign` fail. */
function failures(plan: FaultPlan, caller = "a"): readonly number[] {
  const numbers = Array.from({ length: 10 }, (_, index) => index + 1);
  return numbers.filter(() => plan.consult({ action: "assign", caller }).fail !== undefined);
}

const triggers: readonly {
  readonly name: string;
  readonly rule: Partial<FaultRule>;
  readonly hit: readonly number[];
}[] = [
  { name: "always", rule: { when: "always" }, hit: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
  { name: "the nth call", rule: { when: { nth: 3 } }, hit: [3] },
  { name: "every call, three times at most", rule: { when: "always", times: 3 }, hit: [1, 2, 3] },
  { name: "calls that match", rule: { when: { matching: (call) => call.caller === "a" }, times: 1 }, hit: [1] },
  { name: "any action", rule: { action: "*", when: { nth: 2 } }, hit: [2] },
  { name: "another action", rule: { action: "describe", when: "always" }, hit: [] },
  { name: "another caller", rule: { caller: "b", when: "always" }, hit: [] },
  { name: "probability 0", rule: { when: { probability: 0 } }, hit: [] },
  { name: "probability 1, twice", rule: { when: { probability: 1 }, times: 2 }, hit: [1, 2] },
];

for (const { name, rule, hit } of triggers) {
  test(`a rule for ${name} hits the calls ${hit.join(" ") || "never"}`, () => {
    const plan = new FaultPlan([{ action: "assign", when: "always", effect: fail, ...rule }], new SeededRandom(1));
    expect(failures(plan)).toEqual(hit);
    expect(plan.injected).toHaveLength(hit.length);
  });
}

test("the same seed hits the same calls, and about as many as the probability says", () => {
  const rule: FaultRule = { action: "assign", when: { probability: 0.3 }, effect: fail };
  const hits = (seed: number) => {
    const plan = new FaultPlan([rule], new SeededRandom(seed));
    return Array.from({ length: 100 }, () => failures(plan)).flat();
  };
  expect(hits(7)).toEqual(hits(7));
  expect(hits(7)).not.toEqual(hits(8));
  expect(Math.abs(hits(7).length - 300)).toBeLessThan(60);
});

test("rules can be taken out, one or all", () => {
  const plan = new FaultPlan([{ action: "assign", when: "always", effect: { kind: "delay", delayMs: 1 } }]);
  const remove = plan.add({ action: "assign", when: "always", effect: fail });
  expect(failures(plan)).toHaveLength(10);
  remove();
  expect(failures(plan)).toHaveLength(0);
  expect(plan.consult({ action: "assign" }).delayBeforeMs).toBe(1);
  plan.clear();
  expect(plan.consult({ action: "assign" }).delayBeforeMs).toBe(0);
});

test("effects of several rules come together: delays add up, the first of the others decides", () => {
  const effects: readonly FaultEffect[] = [
    { kind: "delay", delayMs: 5 },
    { kind: "delay", delayMs: 7 },
    { kind: "delay", delayMs: 3, when: "after" },
    { kind: "partial", atMost: 2 },
    { kind: "partial", atMost: 1 },
    { kind: "lose-answer" },
    { kind: "lose-answer", how: "truncated" },
  ];
  const plan = new FaultPlan(effects.map((effect) => ({ action: "assign", when: "always", effect })));
  expect(plan.consult({ action: "assign" })).toEqual({
    delayBeforeMs: 12,
    delayAfterMs: 3,
    atMost: 2,
    loss: "reset",
  });
});

test("a call is carried out after its delay, and its answer comes after the other", async () => {
  const clock = new VirtualClock({ bootMs: 0 });
  const log: string[] = [];
  const injection = { delayBeforeMs: 10, delayAfterMs: 5, atMost: 3 };
  const answered = callWithFaults(clock, injection, (atMost) => log.push(`${atMost} at ${clock.bootMs()}`)).then(
    (outcome) => {
      log.push(`answer at ${clock.bootMs()}`);
      return outcome;
    },
  );
  await clock.runUntilIdle();
  expect(log).toEqual(["3 at 10", "answer at 15"]);
  expect(await answered).toEqual({ kind: "answered", answer: 1 });
});

test("a call that is to fail is not carried out, one whose answer is to be lost is", async () => {
  const clock = new VirtualClock();
  let done = 0;
  const call = (injection: Parameters<typeof callWithFaults>[1]) => callWithFaults(clock, injection, () => ++done);
  const none = { delayBeforeMs: 0, delayAfterMs: 0, atMost: 1 };
  expect(await call({ ...none, fail: { kind: "fail", code: "X" } })).toMatchObject({ kind: "refused" });
  expect(done).toBe(0);
  expect(await call({ ...none, loss: "reset" })).toEqual({ kind: "lost", how: "reset", answer: 1 });
  expect(done).toBe(1);
});

test("what the call itself throws is thrown, unless the answer is lost on the way", async () => {
  const clock = new VirtualClock();
  const broken = () => {
    throw new RangeError("no");
  };
  const none = { delayBeforeMs: 0, delayAfterMs: 0, atMost: 1 };
  await expect(callWithFaults(clock, none, broken)).rejects.toThrow(RangeError);
  expect(await callWithFaults(clock, { ...none, loss: "truncated" }, broken)).toEqual({
    kind: "lost",
    how: "truncated",
  });
});
