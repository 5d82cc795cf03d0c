import assert from "node:assert/strict";
import {
  type CancelSignal,
  type Datapath,
  type ErrorCode,
  type Family,
  isPodwireError,
  neverCancelled,
  parseMac,
} from "@podwire/core";
import type { PlaceTest } from "./host-place.ts";
import { sampleSpec } from "./sample-network.ts";

const allDatapaths: readonly Datapath[] = ["veth", "ipvlan-l2", "bridge"];
const bothFamilies: readonly Family[] = [4, 6];

export function testAttach(test: PlaceTest): void {
  testFacts(test);
  testRefusals(test);
  testCancellation(test);
}

function testFacts(test: PlaceTest): void {
  for (const families of [[4], [6], [4, 6]] as const) {
    test(`a pod with IPv${families.join(" and IPv")} is attached, or refused where the host cannot`, async (place) => {
      const spec = await sampleSpec(place, { netnsPath: await place.addNamespace(), families });
      if (!families.every((family) => place.host.capabilities.families.includes(family))) {
        return assertRefused(place.host.attach(spec, neverCancelled), "NOT_SUPPORTED");
      }
      const facts = await place.host.attach(spec, neverCancelled);
      assert.equal(facts.mtuBytes, spec.mtuBytes);
      assert.notEqual(facts.hostMac, facts.podMac);
      assert.equal(facts.routes.filter(({ destination }) => destination.endsWith("/0")).length, families.length);
      assert.deepEqual(await place.host.inspect(spec, facts), []);
    });
  }
  test("the pod has the MAC that was asked for", async (place) => {
    const mac = parseMac("02:11:22:33:44:55");
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace(), mac });
    assert.equal((await place.host.attach(spec, neverCancelled)).podMac, mac);
  });
  test("the same spec again is success with the same facts and changes nothing", async (place) => {
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const facts = await place.host.attach(spec, neverCancelled);
    const before = await place.snapshot();
    assert.deepEqual(await place.host.attach(spec, neverCancelled), facts);
    assert.equal(await place.snapshot(), before);
  });
  test("a spec attached again after its DEL has the same facts", async (place) => {
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const facts = await place.host.attach(spec, neverCancelled);
    await place.host.detach(spec.key);
    assert.deepEqual(await place.host.attach(spec, neverCancelled), facts);
  });
  test("pods attached side by side do not disturb each other", async (place) => {
    const paths = await Promise.all([1, 2, 3, 4, 5].map(() => place.addNamespace()));
    const specs = await Promise.all(paths.map((netnsPath, i) => sampleSpec(place, { netnsPath, index: i + 1 })));
    const facts = await Promise.all(specs.map((spec) => place.host.attach(spec, neverCancelled)));
    assert.equal(new Set(facts.map(({ hostIfName }) => hostIfName)).size, specs.length);
    for (const [i, spec] of specs.entries()) {
      const own = facts[i];
      assert.ok(own !== undefined);
      assert.deepEqual(await place.host.inspect(spec, own), []);
    }
  });
}

function testRefusals(test: PlaceTest): void {
  test("an interface of somebody else is not touched", async (place) => {
    const netnsPath = await place.addNamespace();
    await place.addForeignInterface(netnsPath, "eth0");
    const spec = await sampleSpec(place, { netnsPath });
    const before = await place.snapshot();
    await assertRefused(place.host.attach(spec, neverCancelled), "INTERFACE_EXISTS");
    assert.equal(await place.snapshot(), before);
  });
  test("the interface of another attachment is not touched", async (place) => {
    const netnsPath = await place.addNamespace();
    const first = await sampleSpec(place, { netnsPath, index: 1 });
    const facts = await place.host.attach(first, neverCancelled);
    const before = await place.snapshot();
    const second = await sampleSpec(place, { netnsPath, index: 2 });
    await assertRefused(place.host.attach(second, neverCancelled), "INTERFACE_EXISTS");
    assert.equal(await place.snapshot(), before);
    assert.deepEqual(await place.host.inspect(first, facts), []);
  });
  test("a namespace that is gone is refused", async (place) => {
    const netnsPath = await place.addNamespace();
    const spec = await sampleSpec(place, { netnsPath });
    await place.removeNamespace(netnsPath);
    const before = await place.snapshot();
    await assertRefused(place.host.attach(spec, neverCancelled), "INVALID_NETNS");
    assert.equal(await place.snapshot(), before);
  });
  test("another namespace at the same path is refused", async (place) => {
    const netnsPath = await place.addNamespace();
    const spec = await sampleSpec(place, { netnsPath });
    const before = await place.snapshot();
    const other = { ...spec, netns: { ...spec.netns, cookie: `${BigInt(spec.netns.cookie) + 1000n}` } };
    await assertRefused(place.host.attach(other, neverCancelled), "INVALID_NETNS");
    assert.equal(await place.snapshot(), before);
  });
  test("a data path or family that is no capability is refused", async (place) => {
    const { datapaths, families } = place.host.capabilities;
    const netnsPath = await place.addNamespace();
    const before = await place.snapshot();
    const specs = [
      ...allDatapaths.filter((datapath) => !datapaths.includes(datapath)).map((datapath) => ({ netnsPath, datapath })),
      ...bothFamilies
        .filter((family) => !families.includes(family))
        .map((family) => ({ netnsPath, families: [family] })),
    ];
    for (const sample of specs) {
      const spec = await sampleSpec(place, sample);
      await assertRefused(place.host.attach(spec, neverCancelled), "NOT_SUPPORTED");
    }
    assert.equal(await place.snapshot(), before);
  });
}

/** The signal is aborted at its first look, its second, and so on, until the attachment is quicker. */
function testCancellation(test: PlaceTest): void {
  test("cancelled at any moment it leaves nothing, or it is complete", async (place) => {
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const before = await place.snapshot();
    let cancelled = 0;
    for (;;) {
      const outcome = await place.host.attach(spec, abortedAtLook(cancelled + 1)).then(
        (facts) => ({ facts }),
        (error: unknown) => ({ error }),
      );
      if ("facts" in outcome) {
        assert.deepEqual(await place.host.inspect(spec, outcome.facts), []);
        break;
      }
      assert.ok(isPodwireError(outcome.error, "CANCELLED"), `${outcome.error}`);
      assert.equal(await place.snapshot(), before);
      cancelled++;
    }
    assert.ok(cancelled > 0, "a signal aborted from the start was not looked at");
  });
  test("cancelled at any moment when it repeats an attachment it leaves what was there", async (place) => {
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    const facts = await place.host.attach(spec, neverCancelled);
    for (let look = 1; ; look++) {
      const done = await place.host.attach(spec, abortedAtLook(look)).then(
        () => true,
        (error: unknown) => !isPodwireError(error, "CANCELLED"),
      );
      assert.deepEqual(await place.host.inspect(spec, facts), []);
      if (done) return;
    }
  });
}

function abortedAtLook(look: number): CancelSignal {
  let looks = 0;
  return {
    ...neverCancelled,
    get aborted() {
      return ++looks >= look;
    },
    reason: "a test",
  };
}

async function assertRefused(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(call, (error) => isPodwireError(error, code), `expected ${code}`);
}
