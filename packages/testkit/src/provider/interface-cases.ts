import assert from "node:assert/strict";
import type { BlockRequest, CloudInterface, InterfaceOutcome, InterfaceRequest } from "@podwire/core";
import { describePrimary, kindOf, kindsOf, never, newToken, rejection, sorted } from "./contract-steps.ts";
import { fragmented, prefix4 } from "./prefix-cases.ts";
import type { InterfacePlace, PlaceTest, ProviderPlace } from "./provider-contract.ts";

/** Interfaces that come and go, where the provider offers that. */
export function testInterfaces(test: PlaceTest): void {
  const interfaceTest: InterfaceTest = (name, run) =>
    test(name, async (place) => {
      if (!place.provider.capabilities.createInterface) return;
      assert.ok(place.interfaces, "a place whose provider creates interfaces says what the cases need");
      await run(place, place.interfaces);
    });
  testCreation(interfaceTest);
  testRefusedCreation(interfaceTest);
  testDeletion(interfaceTest);
  testOrphans(interfaceTest);
}

type InterfaceTest = (name: string, run: (place: ProviderPlace, own: InterfacePlace) => Promise<void>) => void;

function testCreation(test: InterfaceTest): void {
  test("a created interface has the blocks asked for, its pool, and is ours", async (place) => {
    const { interface: made, failure } = await create(place, { add: [{ kind: kindOf(place), count: 3 }] });
    assert.equal(failure, undefined);
    const { subnetId } = await describePrimary(place);
    const { role, owner, pool } = made;
    assert.deepEqual(
      { role, owner, pool, subnetId: made.subnetId },
      { role: "secondary", owner: "ours", pool: "blue", subnetId },
    );
    assert.equal(made.blocks.length, 3);
    assert.deepEqual(sorted(made.blocks), sorted(place.blocksOf(made.id)));
    assert.deepEqual(await describedAs(place, made.id), made);
  });

  test("an interface is created with one kind of each family at once, prefixes too", async (place) => {
    const kinds = await kindsOf(place);
    const add = ([4, 6] as const).flatMap((family): BlockRequest[] => {
      const kind = kinds.findLast((one) => one.family === family);
      return kind === undefined ? [] : [{ kind, count: 1 }];
    });
    const { interface: made } = await create(place, { add });
    assert.equal(made.blocks.length, add.length);
    assert.deepEqual(await describedAs(place, made.id), made);
  });

  test("an interface can be created without blocks, and be filled later", async (place) => {
    const { interface: made } = await create(place, { add: [] });
    assert.deepEqual(made.blocks, []);
    const add = { kind: kindOf(place), count: 2 };
    const change = { token: newToken(), node: place.node, interfaceId: made.id, add };
    assert.equal((await place.provider.changeBlocks(change, never)).added.length, 2);
  });
}

function testRefusedCreation(test: InterfaceTest): void {
  test("a node with all interfaces it can have refuses more: INTERFACE_LIMIT, and nothing is left", async (place, own) => {
    const { maxInterfaces } = await place.provider.limits(place.node, never);
    while ((await idsOf(place)).length < maxInterfaces) await create(place, { add: [] });
    await assertNothingMade(place, own, () => rejection(create(place, { add: [] }), "INTERFACE_LIMIT"));
  });

  test("a full subnet refuses an interface: SUBNET_EXHAUSTED, and nothing is left", async (place, own) => {
    place.occupy(0);
    const add = [{ kind: kindOf(place), count: 1 }];
    await assertNothingMade(place, own, () => rejection(create(place, { add }), "SUBNET_EXHAUSTED"));
  });

  test("a fragmented subnet refuses an interface with prefixes: SUBNET_FRAGMENTED, and nothing is left", async (place, own) => {
    const kind = await prefix4(place);
    if (kind === undefined) return;
    fragmented(place);
    const add = [{ kind, count: 1 }];
    await assertNothingMade(place, own, () => rejection(create(place, { add }), "SUBNET_FRAGMENTED"));
  });

  test("two requests of one family are refused: NOT_SUPPORTED, and nothing reaches the cloud", async (place) => {
    const before = place.mutationCount();
    const request = { kind: kindOf(place), count: 1 };
    await rejection(create(place, { add: [request, request] }), "NOT_SUPPORTED");
    assert.equal(place.mutationCount(), before);
  });

  test("a creation that is throttled rejects with CLOUD_THROTTLED, and nothing is left", async (place, own) => {
    place.inject("create", "throttled");
    await assertNothingMade(place, own, () => rejection(create(place, { add: [] }), "CLOUD_THROTTLED"));
  });

  test("a creation whose answer is lost is CLOUD_OUTCOME_UNKNOWN; describe or orphans show what it left", async (place, own) => {
    const before = (await idsOf(place)).length;
    place.inject("create", "answer-lost");
    const error = await rejection(create(place, { add: [] }), "CLOUD_OUTCOME_UNKNOWN");
    assert.equal(error.retry, "ask-first");
    const orphans = await orphanIds(place, own);
    assert.equal((await idsOf(place)).length + orphans.length, before + 1);
  });
}

function testDeletion(test: InterfaceTest): void {
  test("a deleted interface is gone with its blocks, and deleting it again is success", async (place) => {
    const free = await freeAddresses(place);
    const { interface: made } = await create(place, { add: [{ kind: kindOf(place), count: 2 }] });
    await remove(place, made.id);
    await remove(place, made.id);
    assert.ok(!(await idsOf(place)).includes(made.id));
    assert.equal(await freeAddresses(place), free);
  });

  test("neither the primary interface nor a foreign one is deleted: CLOUD_CONFLICT", async (place) => {
    const before = await idsOf(place);
    for (const id of [(await describePrimary(place)).id, place.foreignInterfaceId]) {
      await rejection(remove(place, id), "CLOUD_CONFLICT");
    }
    assert.deepEqual(await idsOf(place), before);
  });
}

function testOrphans(test: InterfaceTest): void {
  test("an orphan is listed with the node it was made for, and can be deleted", async (place, own) => {
    if (!place.provider.capabilities.orphans) return;
    assert.deepEqual(await orphanIds(place, own), []);
    const id = own.leaveOrphan("i-dead");
    const found = await place.provider.orphans(own.scope, never);
    assert.deepEqual(found, [{ id, node: { cloud: place.node.cloud, id: "i-dead" } }]);
    for (const orphan of found) await place.provider.deleteInterface(orphan, never);
    assert.deepEqual(await orphanIds(place, own), []);
  });

  test("what was taken for an orphan and is held is not deleted: CLOUD_CONFLICT", async (place) => {
    const { interface: made } = await create(place, { add: [{ kind: kindOf(place), count: 1 }] });
    const orphan = { id: made.id, node: place.node, ifUnattached: true };
    await rejection(place.provider.deleteInterface(orphan, never), "CLOUD_CONFLICT");
    assert.ok((await idsOf(place)).includes(made.id));
  });

  test("interfaces that the node holds are no orphans, nor are those of another network", async (place, own) => {
    if (!place.provider.capabilities.orphans) return;
    await create(place, { add: [] });
    assert.deepEqual(await orphanIds(place, own), []);
    own.leaveOrphan("i-dead");
    assert.deepEqual(await place.provider.orphans({ ...own.scope, networkId: "vpc-elsewhere" }, never), []);
  });
}

async function create(place: ProviderPlace, what: Pick<InterfaceRequest, "add">): Promise<InterfaceOutcome> {
  const { subnetId } = await describePrimary(place);
  const { provider, node, interfaces } = place;
  const scope = interfaces?.scope ?? { clusterName: "contract", networkId: node.networkId };
  const request = { token: newToken(), node, scope, pool: "blue", subnetId, securityGroupIds: [], ...what };
  return provider.createInterface(request, never);
}

function remove({ provider, node }: ProviderPlace, id: string): Promise<void> {
  return provider.deleteInterface({ id, node }, never);
}

async function assertNothingMade(
  place: ProviderPlace,
  own: InterfacePlace,
  run: () => Promise<unknown>,
): Promise<void> {
  const before = await idsOf(place);
  await run();
  assert.deepEqual(await idsOf(place), before);
  assert.deepEqual(await orphanIds(place, own), []);
}

async function idsOf({ provider, node }: ProviderPlace): Promise<readonly string[]> {
  return (await provider.describe(node, never)).interfaces.map(({ id }) => id);
}

async function describedAs({ provider, node }: ProviderPlace, id: string): Promise<CloudInterface | undefined> {
  return (await provider.describe(node, never)).interfaces.find((own) => own.id === id);
}

async function orphanIds({ provider }: ProviderPlace, own: InterfacePlace): Promise<readonly string[]> {
  if (!provider.capabilities.orphans) return [];
  return (await provider.orphans(own.scope, never)).map(({ id }) => id);
}

async function freeAddresses(place: ProviderPlace): Promise<number | undefined> {
  const { subnetId } = await describePrimary(place);
  const { subnets } = await place.provider.network(place.node, never);
  return subnets.find(({ id }) => id === subnetId)?.freeAddresses;
}
