import assert from "node:assert/strict";
import { addressBits, type BlockKind, type BlockRequest, type Cidr, cidrFamily, prefixLength } from "@podwire/core";
import { kindsOf, never, newToken, rejection, sorted, stepsOn } from "./contract-steps.ts";
import type { PlaceTest, ProviderPlace } from "./provider-contract.ts";

/** changeBlocks where a block is more than one address. What the node cannot hold is left out. */
export function testPrefixes(test: PlaceTest): void {
  test("every kind of block the node can hold is added as asked, described and removed", async (place) => {
    const steps = await stepsOn(place);
    for (const kind of await kindsOf(place)) {
      const { added, failure } = await addTo(place, steps.id, { kind, count: 1 });
      assert.equal(failure, undefined);
      assert.deepEqual(added.map(kindOfBlock), [kind]);
      assert.deepEqual([steps.held(), await steps.described()], [added, added]);
      assert.deepEqual((await steps.remove(added)).removed, added);
      assert.deepEqual(steps.held(), []);
    }
  });

  test("blocks of several kinds share an interface, and go in one change", async (place) => {
    const steps = await stepsOn(place);
    const added: Cidr[] = [];
    for (const kind of await kindsOf(place)) {
      added.push(...(await addTo(place, steps.id, { kind, count: kind.family === 4 ? 2 : 1 })).added);
    }
    assert.deepEqual(steps.held(), sorted(added));
    assert.deepEqual(await steps.described(), sorted(added));
    const kept = added.slice(0, 1);
    assert.deepEqual(sorted((await steps.remove(added.slice(1))).removed), sorted(added.slice(1)));
    assert.deepEqual(steps.held(), kept);
  });

  test("removing a prefix that is absent counts as having happened, beside what is there", async (place) => {
    const steps = await stepsOn(place);
    for (const kind of await kindsOf(place)) {
      const first = (await addTo(place, steps.id, { kind, count: 1 })).added;
      await steps.remove(first);
      const single = (await steps.add(1)).added;
      const both = [...new Set([...first, ...single])];
      assert.deepEqual(sorted((await steps.remove(both)).removed), sorted(both));
      assert.deepEqual(steps.held(), []);
    }
  });

  test("a fragmented subnet refuses prefixes: SUBNET_FRAGMENTED, and has single addresses", async (place) => {
    const kind = await prefix4(place);
    if (kind === undefined) return;
    const steps = await stepsOn(place);
    fragmented(place);
    await rejection(addTo(place, steps.id, { kind, count: 1 }), "SUBNET_FRAGMENTED");
    assert.deepEqual(steps.held(), []);
    assert.equal((await steps.add(1)).added.length, 1);
  });

  test("a full subnet refuses prefixes too, and nothing changes", async (place) => {
    const kind = await prefix4(place);
    if (kind === undefined) return;
    const steps = await stepsOn(place);
    place.occupy(0);
    await rejection(addTo(place, steps.id, { kind, count: 1 }), "SUBNET_FRAGMENTED", "SUBNET_EXHAUSTED");
    assert.deepEqual(steps.held(), []);
  });
}

/** The IPv4 kind that is more than one address, where the node can hold one. */
export async function prefix4(place: ProviderPlace): Promise<BlockKind | undefined> {
  const kinds = await kindsOf(place);
  return kinds.find(({ family, prefixLength: length }) => family === 4 && length < addressBits(family));
}

export function fragmented(place: ProviderPlace): void {
  assert.ok(place.fragment, "a place whose provider offers prefixes can fragment a subnet");
  place.fragment();
}

function addTo(place: ProviderPlace, interfaceId: string, add: BlockRequest) {
  return place.provider.changeBlocks({ token: newToken(), node: place.node, interfaceId, add }, never);
}

function kindOfBlock(cidr: Cidr): BlockKind {
  return { family: cidrFamily(cidr), prefixLength: prefixLength(cidr) };
}
