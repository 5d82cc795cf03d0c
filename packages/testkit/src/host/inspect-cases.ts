import assert from "node:assert/strict";
import { neverCancelled } from "@podwire/core";
import type { Damage, HostPlace, PlaceTest } from "./host-place.ts";
import { sampleNetwork, sampleSpec } from "./sample-network.ts";

/** Every damage is seen by CHECK, mended by ADD, and on the node by converge; and none of them hides the attachment. */
export function testDamages(test: PlaceTest, damages: readonly Damage[]): void {
  for (const damage of damages) {
    test(`${damage.name} is found by inspect, which changes nothing`, async (place) => {
      const { spec, facts } = await attachDamaged(place, damage);
      const before = await place.snapshot();
      assert.notDeepEqual(await place.host.inspect(spec, facts), []);
      assert.equal(await place.snapshot(), before);
    });
    test(`${damage.name} is mended by the same attach again, with the same facts`, async (place) => {
      const { spec, facts } = await attachDamaged(place, damage);
      assert.deepEqual(await place.host.attach(spec, neverCancelled), facts);
      await place.host.converge(sampleNetwork(place, [{ spec, facts }]), neverCancelled);
      assert.deepEqual(await place.host.inspect(spec, facts), []);
    });
    test(`${damage.name} does not keep detach from removing everything`, async (place) => {
      const { spec, clean } = await attachDamaged(place, damage);
      await place.host.detach(
        spec.key,
        spec.addresses.map(({ address }) => address),
      );
      assert.deepEqual(await place.host.attachments(), []);
      await place.host.converge(sampleNetwork(place), neverCancelled);
      assert.equal(await place.snapshot(), clean);
    });
    if (damage.side === "pod") continue;
    test(`${damage.name} is put back by converge, which says so once`, async (place) => {
      const { spec, facts } = await attachDamaged(place, damage);
      const desired = sampleNetwork(place, [{ spec, facts }]);
      assert.notDeepEqual(await place.host.converge(desired, neverCancelled), []);
      assert.deepEqual(await place.host.inspect(spec, facts), []);
      assert.deepEqual(await place.host.converge(desired, neverCancelled), []);
    });
  }
}

export function testInspect(test: PlaceTest): void {
  test("an attachment that never was is different in everything", async (place) => {
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const facts = await place.host.attach(spec, neverCancelled);
    await place.host.detach(spec.key);
    const drifts = await place.host.inspect(spec, facts);
    assert.ok(drifts.some(({ object }) => object === "link"));
  });
  test("an attachment whose namespace is gone differs", async (place) => {
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const facts = await place.host.attach(spec, neverCancelled);
    await place.removeNamespace(spec.netns.path);
    assert.notDeepEqual(await place.host.inspect(spec, facts), []);
  });
}

async function attachDamaged(place: HostPlace, damage: Damage) {
  const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
  // One life before, so that what a first life leaves for good (the pod's loopback interface is up) is there.
  const facts = await place.host.attach(spec, neverCancelled);
  await place.host.detach(spec.key);
  await place.host.converge(sampleNetwork(place), neverCancelled);
  const clean = await place.snapshot();
  await place.host.attach(spec, neverCancelled);
  assert.deepEqual(await place.host.inspect(spec, facts), []);
  await damage.inflict({ place, spec, facts });
  return { spec, facts, clean };
}
