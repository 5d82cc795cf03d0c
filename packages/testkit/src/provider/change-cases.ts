import assert from "node:assert/strict";
import { type Cidr, cidrFamily, networkAddress, prefixLength } from "@podwire/core";
import { SeededRandom } from "../random/seeded-random.ts";
import {
  describePrimary,
  kindOf,
  never,
  newToken,
  type PrimarySteps,
  rejection,
  sorted,
  stepsOn,
} from "./contract-steps.ts";
import type { PlaceTest, ProviderPlace } from "./provider-contract.ts";

/** changeBlocks when the cloud works. */
export function testChanges(test: PlaceTest): void {
  testSingleChanges(test);
  testBounds(test);
  for (const seed of [1, 2, 3]) {
    test(`over a sequence of changes, what is reported is what happened (seed ${seed})`, async (place) => {
      const steps = await stepsOn(place);
      await runChanges(steps, new SeededRandom(seed), await blockLimit(place));
    });
  }
}

function testSingleChanges(test: PlaceTest): void {
  test("adding by count gives that many blocks of the kind asked for", async (place) => {
    const steps = await stepsOn(place);
    const outcome = await steps.add(3);
    assert.equal(outcome.failure, undefined);
    assert.deepEqual(outcome.removed, []);
    assert.equal(new Set(outcome.added).size, 3);
    for (const cidr of outcome.added) {
      assert.deepEqual({ family: cidrFamily(cidr), prefixLength: prefixLength(cidr) }, kindOf(place));
    }
    assert.deepEqual(sorted(outcome.added), steps.held());
    assert.deepEqual(await steps.described(), steps.held());
  });

  test("blocks are neither the interface's own address nor the gateway", async (place) => {
    const { added } = await (await stepsOn(place)).add(5);
    const primary = await describePrimary(place);
    for (const address of added.map(networkAddress)) {
      assert.ok(!primary.primaryAddresses.includes(address));
      assert.ok(!Object.values(primary.gateways).includes(address));
    }
  });

  test("removing takes away what is named and nothing else", async (place) => {
    const steps = await stepsOn(place);
    const { added } = await steps.add(3);
    const outcome = await steps.remove(added.slice(0, 2));
    assert.deepEqual(outcome, { added: [], removed: added.slice(0, 2) });
    assert.deepEqual(steps.held(), added.slice(2));
    assert.deepEqual(await steps.described(), added.slice(2));
  });

  test("removing what is absent counts as having happened, alone and beside what is there", async (place) => {
    const steps = await stepsOn(place);
    const { added } = await steps.add(2);
    await steps.remove(added.slice(0, 1));
    const outcome = await steps.remove(added);
    assert.deepEqual(sorted(outcome.removed), sorted(added));
    assert.deepEqual((await steps.remove(added)).removed.length, 2);
    assert.deepEqual(steps.held(), []);
  });

  test("a change of nothing changes nothing", async (place) => {
    const steps = await stepsOn(place);
    const { node } = place;
    const outcome = await place.provider.changeBlocks({ token: newToken(), node, interfaceId: steps.id }, never);
    assert.deepEqual(outcome, { added: [], removed: [] });
  });
}

function testBounds(test: PlaceTest): void {
  test("removes come before adds: a full interface can exchange its blocks", async (place) => {
    const steps = await stepsOn(place);
    const added = await fill(place, steps);
    const outcome = await steps.replace(added.slice(0, 2), 2);
    assert.equal(outcome.failure, undefined);
    assert.equal(outcome.added.length, 2);
    assert.equal(steps.held().length, added.length);
  });

  test("a full interface refuses more: CLOUD_LIMIT, and nothing changes", async (place) => {
    const steps = await stepsOn(place);
    await fill(place, steps);
    const before = steps.held();
    await rejection(steps.add(1), "CLOUD_LIMIT");
    assert.deepEqual(steps.held(), before);
  });

  test("a full subnet refuses: SUBNET_EXHAUSTED, and nothing changes", async (place) => {
    const steps = await stepsOn(place);
    place.occupy(0);
    await rejection(steps.add(1), "SUBNET_EXHAUSTED");
    assert.deepEqual(steps.held(), []);
  });

  test("when the removal happened and the addition cannot, both are told", async (place) => {
    const steps = await stepsOn(place);
    const { added } = await steps.add(2);
    place.occupy(0);
    const outcome = await steps.replace(added.slice(0, 1), 3);
    assert.deepEqual(outcome.removed, added.slice(0, 1));
    assert.equal(outcome.failure?.code, "SUBNET_EXHAUSTED");
    assert.deepEqual(steps.held(), sorted([...added.slice(1), ...outcome.added]));
  });

  test("an interface that does not exist is CLOUD_NOT_FOUND, for adds and removes", async (place) => {
    const { provider, node } = place;
    const interfaceId = "eni-0123456789abcdef0";
    const [kind, cidr] = [kindOf(place), (await (await stepsOn(place)).add(1)).added[0] as Cidr];
    const add = { kind, count: 1 };
    await rejection(provider.changeBlocks({ token: newToken(), node, interfaceId, add }, never), "CLOUD_NOT_FOUND");
    const remove = [cidr];
    await rejection(provider.changeBlocks({ token: newToken(), node, interfaceId, remove }, never), "CLOUD_NOT_FOUND");
  });
}

async function fill(place: ProviderPlace, steps: PrimarySteps): Promise<readonly Cidr[]> {
  return (await steps.add(await blockLimit(place))).added;
}

async function blockLimit(place: ProviderPlace): Promise<number> {
  const { blocksPerInterface } = await place.provider.limits(place.node, never);
  return blocksPerInterface[kindOf(place).family];
}

/** Adds up what the outcomes say and compares it with the cloud's books after every step. */
async function runChanges(steps: PrimarySteps, random: SeededRandom, limit: number): Promise<void> {
  const believed = new Set<Cidr>();
  for (let step = 0; step < 30; step++) {
    const removable = [...believed].filter(() => random.chance(0.4));
    const count = random.integer(Math.max(limit - believed.size + removable.length, 0) + 1);
    const outcome = await steps.replace(removable, count);
    for (const cidr of outcome.removed) believed.delete(cidr);
    for (const cidr of outcome.added) believed.add(cidr);
    assert.deepEqual(sorted([...believed]), steps.held(), `after step ${step}`);
  }
}
