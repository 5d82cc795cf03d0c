import assert from "node:assert/strict";
import { neverCancelled } from "@podwire/core";
import type { HostPlace, PlaceTest } from "./host-place.ts";
import { sampleSpec } from "./sample-network.ts";

export function testDetach(test: PlaceTest): void {
  testWholeRemoval(test);
  testAbsence(test);
  testOthers(test);
}

function testWholeRemoval(test: PlaceTest): void {
  test("detaching by key alone leaves what was there before attaching", async (place) => {
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const bare = await bareAfterOneLife(place, spec);
    await place.host.attach(spec, neverCancelled);
    assert.notEqual(await place.snapshot(), bare);
    await place.host.detach(spec.key);
    assert.equal(await place.snapshot(), bare);
    assert.deepEqual(await place.host.attachments(), []);
  });
  test("many at once are all gone when each one resolves", async (place) => {
    const paths = await Promise.all([1, 2, 3, 4, 5, 6].map(() => place.addNamespace()));
    const specs = await Promise.all(paths.map((netnsPath, i) => sampleSpec(place, { netnsPath, index: i + 1 })));
    for (const spec of specs) await place.host.attach(spec, neverCancelled);
    await Promise.all(
      specs.map(async ({ key }) => {
        await place.host.detach(key);
        const left = await place.host.attachments();
        assert.ok(left.every((found) => found.key.containerId !== key.containerId));
      }),
    );
    assert.deepEqual(await place.host.attachments(), []);
  });
}

function testAbsence(test: PlaceTest): void {
  test("detaching what is absent is success and changes nothing", async (place) => {
    const before = await place.snapshot();
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const withNamespace = await place.snapshot();
    await place.host.detach(spec.key);
    await place.host.detach(
      spec.key,
      spec.addresses.map(({ address }) => address),
    );
    assert.equal(await place.snapshot(), withNamespace);
    await place.removeNamespace(spec.netns.path);
    assert.equal(await place.snapshot(), before);
  });
  test("an attachment whose namespace is gone is detached", async (place) => {
    const before = await place.snapshot();
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    await place.host.attach(spec, neverCancelled);
    await place.removeNamespace(spec.netns.path);
    await place.host.detach(spec.key);
    assert.equal(await place.snapshot(), before);
  });
}

function testOthers(test: PlaceTest): void {
  test("an interface of somebody else under the same name stays", async (place) => {
    const netnsPath = await place.addNamespace();
    const spec = await sampleSpec(place, { netnsPath });
    await place.addForeignInterface(netnsPath, spec.key.ifName);
    const before = await place.snapshot();
    await place.host.detach(spec.key);
    assert.equal(await place.snapshot(), before);
  });
  test("the addresses of one attachment do not take another's routes", async (place) => {
    const [first, second] = await twoPods(place);
    const facts = await place.host.attach(second, neverCancelled);
    await place.host.detach(
      first.key,
      second.addresses.map(({ address }) => address),
    );
    assert.deepEqual(await place.host.inspect(second, facts), []);
  });
}

async function twoPods(place: HostPlace) {
  const specs = [1, 2].map(async (index) => sampleSpec(place, { netnsPath: await place.addNamespace(), index }));
  const [first, second] = await Promise.all(specs);
  assert.ok(first !== undefined && second !== undefined);
  return [first, second] as const;
}

/** The pod's loopback interface stays up once it was attached: it is the pod's, and harmless. */
async function bareAfterOneLife(place: HostPlace, spec: Awaited<ReturnType<typeof sampleSpec>>): Promise<string> {
  await place.host.attach(spec, neverCancelled);
  await place.host.detach(spec.key);
  return place.snapshot();
}
