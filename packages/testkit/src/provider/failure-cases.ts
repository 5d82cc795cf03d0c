import assert from "node:assert/strict";
import type { BlockOutcome, ErrorCode } from "@podwire/core";
import { describePrimary, kindOf, never, newToken, rejection, sorted, stepsOn } from "./contract-steps.ts";
import type { ContractFault, PlaceTest, ProviderPlace } from "./provider-contract.ts";

/** What each fault must look like to the caller. */
const expectations: readonly {
  readonly fault: Exclude<ContractFault, "answer-lost">;
  readonly ofRead: ErrorCode;
  readonly ofChange: ErrorCode;
}[] = [
  { fault: "throttled", ofRead: "CLOUD_THROTTLED", ofChange: "CLOUD_THROTTLED" },
  { fault: "unauthorized", ofRead: "CLOUD_PERMISSION", ofChange: "CLOUD_PERMISSION" },
  { fault: "no-credentials", ofRead: "CLOUD_CREDENTIALS", ofChange: "CLOUD_CREDENTIALS" },
  { fault: "broken", ofRead: "CLOUD_UNREACHABLE", ofChange: "CLOUD_OUTCOME_UNKNOWN" },
];

/** Calls that go wrong: what the caller learns, and what he may believe. */
export function testFailures(test: PlaceTest): void {
  for (const { fault, ofRead, ofChange } of expectations) {
    test(`a describe that is ${fault} rejects with ${ofRead}, and the next one works`, async (place) => {
      place.inject("describe", fault);
      const error = await rejection(place.provider.describe(place.node, never), ofRead);
      assertNamed(error);
      await place.provider.describe(place.node, never);
    });

    test(`an addition that is ${fault} rejects with ${ofChange} after one attempt, without effect`, async (place) => {
      const steps = await stepsOn(place);
      place.inject("add", fault);
      const before = place.mutationCount();
      assertNamed(await rejection(steps.add(1), ofChange));
      assert.equal(place.mutationCount(), before + 1);
      assert.deepEqual(steps.held(), []);
      assert.equal((await steps.add(1)).added.length, 1);
    });
  }
  testLostAnswers(test);
  testAborts(test);
}

function testLostAnswers(test: PlaceTest): void {
  test("throttling carries the time the cloud named", async (place) => {
    place.inject("describe", "throttled");
    assert.equal((await rejection(place.provider.describe(place.node, never), "CLOUD_THROTTLED")).retryAfterMs, 7000);
  });

  test("a describe whose answer is lost rejects with CLOUD_UNREACHABLE", async (place) => {
    place.inject("describe", "answer-lost");
    await rejection(place.provider.describe(place.node, never), "CLOUD_UNREACHABLE");
  });

  for (const what of ["add", "remove"] as const) {
    test(`${what}: a lost answer is CLOUD_OUTCOME_UNKNOWN, and the next describe tells`, async (place) => {
      const steps = await stepsOn(place);
      const { added } = await steps.add(1);
      place.inject(what, "answer-lost");
      const error = await rejection(what === "add" ? steps.add(2) : steps.remove(added), "CLOUD_OUTCOME_UNKNOWN");
      assert.equal(error.retry, "ask-first");
      assert.equal(steps.held().length, what === "add" ? 3 : 0);
      assert.deepEqual(await steps.described(), steps.held());
    });
  }

  test("an addition that fails after its removal happened is told beside it", async (place) => {
    if (place.provider.capabilities.oneDocumentPerInterface) return assertWholeOrNothing(place);
    const steps = await stepsOn(place);
    const { added } = await steps.add(2);
    place.inject("add", "throttled");
    const outcome = await steps.replace(added, 1);
    assert.deepEqual(sorted(outcome.removed), sorted(added));
    assert.equal(outcome.failure?.code, "CLOUD_THROTTLED");
    assert.deepEqual([outcome.added, steps.held()], [[], []]);
  });
}

/** Where both halves are one call, a fault of it concerns both. */
async function assertWholeOrNothing(place: ProviderPlace): Promise<void> {
  const steps = await stepsOn(place);
  const { added } = await steps.add(2);
  place.inject("add", "throttled");
  await rejection(steps.replace(added, 1), "CLOUD_THROTTLED");
  assert.deepEqual(steps.held(), sorted(added));
}

function testAborts(test: PlaceTest): void {
  test("a signal that is aborted already: CANCELLED, and nothing reaches the cloud", async (place) => {
    const { id } = await describePrimary(place);
    const before = place.mutationCount();
    const signal = AbortSignal.abort();
    await rejection(place.provider.describe(place.node, { signal }), "CANCELLED");
    await rejection(startAddition(place, id, signal), "CANCELLED");
    assert.equal(place.mutationCount(), before);
  });

  test("a describe aborted on its way rejects with CANCELLED", async (place) => {
    const controller = new AbortController();
    const arrived = place.stall("describe");
    const described = rejection(place.provider.describe(place.node, { signal: controller.signal }), "CANCELLED");
    await arrived;
    controller.abort();
    await described;
  });

  test("a change aborted on its way may have happened: CLOUD_OUTCOME_UNKNOWN", async (place) => {
    const { id } = await describePrimary(place);
    const controller = new AbortController();
    const arrived = place.stall("add");
    const added = rejection(startAddition(place, id, controller.signal), "CLOUD_OUTCOME_UNKNOWN");
    await arrived;
    controller.abort();
    await added;
  });
}

function startAddition(place: ProviderPlace, interfaceId: string, signal: AbortSignal): Promise<BlockOutcome> {
  const add = { kind: kindOf(place), count: 1 };
  return place.provider.changeBlocks({ token: newToken(), node: place.node, interfaceId, add }, { signal });
}

/** Errors say in their details which call of the cloud it was. */
function assertNamed(error: { readonly message: string; readonly details: string | undefined }): void {
  assert.match(error.message, /^[a-z]/);
  assert.ok(error.details !== undefined && error.details !== "", `no details: ${error.message}`);
}
