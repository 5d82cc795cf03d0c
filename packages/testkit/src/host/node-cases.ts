import assert from "node:assert/strict";
import { type CancelSignal, isPodwireError, neverCancelled, parseCidr, parseMac } from "@podwire/core";
import type { HostPlace, PlaceTest } from "./host-place.ts";
import { primaryBlock, primaryInterface, sampleNetwork, sampleSpec, secondaryInterface } from "./sample-network.ts";

export function testNode(test: PlaceTest): void {
  testConverge(test);
  testRemoval(test);
  testViews(test);
}

function testConverge(test: PlaceTest): void {
  test("converging twice repairs once", async (place) => {
    const desired = sampleNetwork(place);
    assert.notDeepEqual(await place.host.converge(desired, neverCancelled), []);
    const before = await place.snapshot();
    assert.deepEqual(await place.host.converge(desired, neverCancelled), []);
    assert.equal(await place.snapshot(), before);
  });
  test("each repair says what it put back", async (place) => {
    for (const { object, description } of await place.host.converge(sampleNetwork(place), neverCancelled)) {
      assert.match(object, /^(link|addr|route|rule|neigh|sysctl|nft)$/);
      assert.notEqual(description, "");
    }
  });
  test("an interface that is not there yet is passed over, and taken care of when it is", async (place) => {
    const desired = sampleNetwork(place);
    const early = [primaryInterface(place), secondaryInterface(parseMac("02:00:00:00:99:99"))];
    await place.host.converge({ ...desired, interfaces: early }, neverCancelled);
    assert.deepEqual(await place.host.converge({ ...desired, interfaces: early }, neverCancelled), []);
    assert.notDeepEqual(await place.host.converge(desired, neverCancelled), []);
  });
  test("an attachment that is as it should be is not repaired", async (place) => {
    const { spec, facts } = await attached(place);
    const desired = sampleNetwork(place, [{ spec, facts }]);
    await place.host.converge(desired, neverCancelled);
    assert.deepEqual(await place.host.converge(desired, neverCancelled), []);
    assert.deepEqual(await place.host.inspect(spec, facts), []);
  });
  test("an attachment whose namespace is gone does not keep the rest from being put right", async (place) => {
    const { spec, facts } = await attached(place);
    await place.removeNamespace(spec.netns.path);
    await place.host.detach(spec.key);
    const desired = sampleNetwork(place, [{ spec, facts }]);
    assert.notDeepEqual(await place.host.converge(desired, neverCancelled), []);
    assert.deepEqual(await place.host.converge(desired, neverCancelled), []);
    assert.deepEqual(await place.host.attachments(), []);
  });
  test("cancelled before it began it changes nothing", async (place) => {
    const before = await place.snapshot();
    const aborted: CancelSignal = { ...neverCancelled, aborted: true };
    await assert.rejects(place.host.converge(sampleNetwork(place), aborted), (error) =>
      isPodwireError(error, "CANCELLED"),
    );
    assert.equal(await place.snapshot(), before);
  });
}

function testRemoval(test: PlaceTest): void {
  test("whole attachments stay, wanted or not", async (place) => {
    const { spec, facts } = await attached(place);
    await place.host.converge(sampleNetwork(place), neverCancelled);
    assert.deepEqual(await place.host.inspect(spec, facts), []);
    assert.deepEqual(await place.host.converge(sampleNetwork(place), neverCancelled), []);
  });
  test("what is no longer wanted goes, as if it had never been", async (place) => {
    const desired = sampleNetwork(place);
    await place.host.converge(desired, neverCancelled);
    const before = await place.snapshot();
    const [primary, secondary] = desired.interfaces;
    assert.ok(primary !== undefined && secondary !== undefined);
    const blocks = [...primary.blocks, parseCidr("10.0.3.0/28")];
    const vpcCidrs = [...desired.vpcCidrs, parseCidr("10.9.0.0/16")];
    await place.host.converge(
      { ...desired, vpcCidrs, interfaces: [{ ...primary, blocks }, secondary] },
      neverCancelled,
    );
    assert.notEqual(await place.snapshot(), before);
    assert.notDeepEqual(await place.host.converge(desired, neverCancelled), []);
    assert.equal(await place.snapshot(), before);
  });
}

function testViews(test: PlaceTest): void {
  test("attachments lists key, link and addresses, also when nothing else is known", async (place) => {
    assert.deepEqual(await place.host.attachments(), []);
    const { spec, facts } = await attached(place);
    const addresses = spec.addresses.map(({ address }) => address);
    assert.deepEqual(await place.host.attachments(), [{ key: spec.key, hostIfName: facts.hostIfName, addresses }]);
  });
  test("interfaces are the node's own, not those of attachments", async (place) => {
    const before = await place.host.interfaces();
    const macs = before.map(({ mac }) => mac);
    assert.ok(macs.includes(place.primaryMac) && macs.includes(place.secondaryMac));
    const primary = before.find(({ mac }) => mac === place.primaryMac);
    assert.ok(primary?.up === true && primary.addresses.some(({ address }) => address === "10.0.0.10"));
    await attached(place);
    assert.deepEqual(await place.host.interfaces(), before);
  });
  test("addresses of pods are found in their namespaces, those within the ranges", async (place) => {
    const { spec } = await attached(place);
    const found = await place.host.addressesInUse([primaryBlock[4]]);
    const [address] = spec.addresses.filter(({ block }) => block === primaryBlock[4]);
    assert.deepEqual([...found], [[address?.address, spec.netns]]);
    assert.deepEqual([...(await place.host.addressesInUse([parseCidr("203.0.113.0/24")]))], []);
    assert.deepEqual([...(await place.host.addressesInUse([]))], []);
  });
  test("preflight tells the worst first and changes nothing", async (place) => {
    const before = await place.snapshot();
    const severities = (await place.host.preflight()).map(({ severity }) => severity);
    assert.deepEqual(severities, [...severities].sort());
    assert.equal(await place.snapshot(), before);
  });
}

async function attached(place: HostPlace) {
  const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
  return { spec, facts: await place.host.attach(spec, neverCancelled) };
}
