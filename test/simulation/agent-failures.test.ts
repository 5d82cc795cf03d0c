import { createCancelSource, type HostInterface } from "@podwire/core";
import type { PlannedCall } from "@podwire/testkit";
import { expect, test } from "vitest";
import { addressOf, expectAgreement, NodeWorld, outcomeOf, smallPool as small } from "./node-world.ts";

const watchful = { ...small, reconcile: { intervalMs: 1_000 } };

/** Adds one pod after the other, a minute each at most. */
async function addEach(world: NodeWorld, pods: readonly number[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const pod of pods) {
    const adding = outcomeOf(world.add(pod));
    await world.clock.advance(60_000);
    outcomes.push(await adding);
  }
  return outcomes;
}

const isRelease = (call: PlannedCall) => (call.parameters as { remove?: unknown } | undefined)?.remove !== undefined;
const releases = (world: NodeWorld) => world.provider.calls.filter(({ change }) => change?.remove !== undefined);

test("addresses that the host configures later are given to no pod", async () => {
  const world = new NodeWorld({ config: watchful });
  await world.boot();
  const taken = (await world.host.interfaces()) as HostInterface[];
  const addresses = world.provider.cloud.interfaces.flatMap(({ blocks }) => blocks.map((block) => block.split("/")[0]));
  const eth0 = { name: "eth0", index: 2, up: true, mtuBytes: 1500, mac: world.provider.node.primaryMac };
  world.host.interfaces = async () => [
    ...taken,
    { ...eth0, addresses: addresses.map((address) => ({ address: address as never, prefixLength: 32 })) },
  ];
  await world.clock.advance(5_000);
  const adding = world.add(1);
  await world.clock.advance(5_000);
  expect(addresses).not.toContain(addressOf(await adding)?.split("/")[0]);
  await world.stop();
});

test("a release that is refused does not keep the pool from growing", async () => {
  const world = new NodeWorld({
    config: { pools: { default: { warm: 2, cooldownMs: 1_000, releaseHoldMs: 10_000 } } },
  });
  const effect = { kind: "fail", code: "CLOUD_PERMISSION" } as const;
  world.faults.add({ action: "changeBlocks", when: { matching: isRelease }, effect });
  await world.boot();
  await addEach(world, [1, 2]);
  for (const pod of [1, 2]) await world.del(pod);
  await world.clock.runUntil(() => releases(world).length > 1, 3_600_000);
  await world.clock.advance(1_000);
  const adds = [11, 12, 13, 14, 15, 16].map((pod) => outcomeOf(world.add(pod)));
  await world.clock.advance(29_000);
  expect(await Promise.all(adds)).toEqual(Array(6).fill("ok"));
  await world.stop();
});

test.each([["as it runs"], ["after a restart"]])(
  "limits and network that can no longer be read serve as they are known, %s",
  async (when) => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    world.faults.add({ action: "network", when: "always", effect: { kind: "fail", code: "CLOUD_PERMISSION" } });
    if (when === "after a restart") await world.kill();
    await world.clock.advance(660_000);
    world.faults.add({ action: "changeBlocks", when: { nth: 1 }, times: 1, effect: { kind: "lose-answer" } });
    expect(await addEach(world, [1, 2, 3, 4, 5])).toEqual(Array(5).fill("ok"));
    expect(world.agent.report().problems).toMatchObject([{ code: "CLOUD_PERMISSION" }]);
    await world.stop();
  },
);

test("nothing is handed out from an interface that is not ours any more", async () => {
  const world = new NodeWorld({ config: watchful });
  await world.boot();
  const { cloud } = world.provider;
  const real = cloud.interfacesAt.bind(cloud);
  cloud.interfacesAt = (timeMs) => real(timeMs).map((own) => ({ ...own, owner: "foreign" }));
  await world.clock.advance(5_000);
  const adding = outcomeOf(world.add(1));
  await world.clock.advance(40_000);
  expect(await adding).not.toBe("ok");
  await world.stop();
});

test("a release that waited for its turn is not sent when its premises are gone", async () => {
  const ids = [1, 2, 3, 4, 5, 6].map((number) => ({ id: `eni-${number}` }));
  const world = new NodeWorld({
    config: { pools: { default: { warm: 3, cooldownMs: 1_000, releaseHoldMs: 10_000 } } },
    provider: {
      interfaces: ids,
      limits: { maxInterfaces: 8, blocksPerInterface: { 4: 14, 6: 0 } },
      latencyMs: (action) => (action === "changeBlocks" ? 4_000 : 0),
    },
  });
  for (const { id } of ids) {
    for (let block = 0; block < 3; block++) world.provider.cloud.addAny(id, { family: 4, prefixLength: 32 });
  }
  await world.start();
  await world.clock.runUntil(() => releases(world).length > 0, 600_000);
  expect(releases(world)).toHaveLength(4);
  await world.clock.advance(1_000);
  await Promise.all([1, 2, 3].map((pod) => world.add(pod)));
  await world.clock.advance(6_000);
  expect(releases(world)).toHaveLength(4);
  await world.stop();
});

test("an ADD on a full disk leaves no link", async () => {
  const world = new NodeWorld({ config: small });
  await world.boot();
  const release = world.host.holdAttach();
  const adding = outcomeOf(world.add(1));
  await world.clock.settle();
  world.store.failCommits(1_000_000);
  release();
  expect(await adding).toBe("STORE_FAILED");
  expect(await world.host.attachments()).toEqual([]);
  await world.stop();
});

test.each([
  ["hangs", { kind: "delay", delayMs: 60_000, when: "before" } as const],
  ["refuses", { kind: "fail", code: "CLOUD_REJECTED" } as const],
])("an interface that %s keeps no other one from growing", async (_how, effect) => {
  const world = new NodeWorld({
    config: { ...small, reconcile: { callTimeoutMs: 60_000 } },
    provider: { interfaces: [{ id: "eni-1" }, { id: "eni-2" }] },
  });
  const isFirst = ({ parameters }: PlannedCall) => (parameters as { interfaceId?: string }).interfaceId === "eni-1";
  world.faults.add({ action: "changeBlocks", when: { matching: isFirst }, effect });
  await world.start();
  await world.clock.advance(500);
  const adds = [1, 2, 3].map((pod) => outcomeOf(world.add(pod)));
  await world.clock.advance(29_000);
  expect(await Promise.all(adds)).toEqual(Array(3).fill("ok"));
  await world.stop();
});

test("a change that ends in an error nobody has classified is of unknown outcome", async () => {
  const world = new NodeWorld({
    config: { pools: { default: { warm: 0, cooldownMs: 1_000, releaseHoldMs: 10_000 } } },
  });
  await world.start();
  await addEach(world, [1]);
  const real = world.provider.changeBlocks.bind(world.provider);
  world.provider.changeBlocks = async (change, options) => {
    const outcome = await real(change, options);
    if (change.remove !== undefined) throw new TypeError("x is undefined");
    return outcome;
  };
  await world.del(1);
  await world.clock.runUntil(() => releases(world).length > 0, 600_000);
  const adding = world.add(2);
  await world.clock.advance(10_000);
  expect(world.provider.cloud.blocks).toContain(addressOf(await adding));
  await world.stop();
});

test("the time that the cloud names for the next describe is obeyed, also after an unknown outcome", async () => {
  const world = new NodeWorld({ config: small });
  await world.boot();
  await world.clock.advance(1_000);
  world.faults.add({ action: "changeBlocks", when: { nth: 1 }, times: 1, effect: { kind: "lose-answer" } });
  const effect = { kind: "fail", code: "CLOUD_THROTTLED", retryAfterMs: 20_000 } as const;
  world.faults.add({ action: "describe", when: "always", effect });
  const before = world.provider.calls.length;
  await world.add(1);
  await world.clock.advance(15_000);
  expect(world.provider.calls.slice(before).filter(({ action }) => action === "describe")).toHaveLength(1);
  await world.stop();
});

test("an ADD whose caller is gone already takes no address", async () => {
  const world = new NodeWorld({ config: { pools: { default: { warm: 0, minimum: 2, maximum: 2 } } } });
  await world.boot();
  const caller = createCancelSource();
  caller.abort(new Error("gone"));
  expect(await outcomeOf(world.add(1, {}, { signal: caller.signal }))).toBe("CANCELLED");
  expect(world.agent.report().pools[0]).toMatchObject({ available: 2 });
  await world.stop();
});

test("an ADD behind a DEL of its key that hangs is answered at its deadline, and never begun", async () => {
  const world = new NodeWorld({ config: small });
  await world.boot();
  await world.add(1);
  const hanging = Promise.withResolvers<void>();
  const real = world.host.detach.bind(world.host);
  world.host.detach = async (...detached) => {
    await hanging.promise;
    await real(...detached);
  };
  const deleting = world.del(1);
  await world.clock.settle();
  const adding = outcomeOf(world.add(1));
  await world.clock.advance(29_000);
  expect(await adding).toBe("DEADLINE_EXCEEDED");
  hanging.resolve();
  await deleting;
  await world.clock.advance(1_000);
  expect(world.agent.report().attachments).toEqual([]);
  await world.stop();
});

test("an ADD that waits is served as soon as the addresses are written down, whatever the kernel takes for the rest", async () => {
  const world = new NodeWorld({
    config: small,
    provider: { latencyMs: (action) => (action === "changeBlocks" ? 100 : 0) },
  });
  await world.boot();
  await world.clock.advance(1_000);
  const hanging = Promise.withResolvers<void>();
  const real = world.host.converge.bind(world.host);
  world.host.converge = async (...desired) => {
    await hanging.promise;
    return real(...desired);
  };
  const adds = [1, 2, 3].map((pod) => world.add(pod));
  await world.clock.advance(5_000);
  expect(await Promise.all(adds)).toHaveLength(3);
  hanging.resolve();
  await world.stop();
});

test("a network may be called like something every object has", async () => {
  const world = new NodeWorld({ config: small });
  await world.boot();
  const key = { network: "constructor", containerId: "c1", ifName: "eth0" };
  expect(await outcomeOf(world.add(1, { key }))).toBe("ok");
  await world.stop();
});

test("before the first comparison with the cloud nothing is changed there, whatever the state says", async () => {
  const world = new NodeWorld({ config: small });
  await world.boot();
  await addEach(world, [1, 2]);
  world.faults.add({ action: "describe", when: "always", effect: { kind: "fail", code: "CLOUD_UNREACHABLE" } });
  await world.kill();
  const before = world.provider.calls.filter(({ action }) => action === "changeBlocks").length;
  const adds = [3, 4, 5].map((pod) => outcomeOf(world.add(pod)));
  await world.clock.advance(29_000);
  expect(await Promise.all(adds)).toContain("CLOUD_UNREACHABLE");
  expect(world.provider.calls.filter(({ action }) => action === "changeBlocks")).toHaveLength(before);
  await world.stop();
});

test("an interface is changed by one call at a time, however many ask", async () => {
  const world = new NodeWorld({ config: small, provider: { latencyMs: () => 1_000 } });
  let underway = 0;
  let most = 0;
  const real = world.provider.changeBlocks.bind(world.provider);
  world.provider.changeBlocks = async (...call) => {
    most = Math.max(most, ++underway);
    return real(...call).finally(() => underway--);
  };
  await world.start();
  const adds: Promise<string>[] = [];
  for (const pod of [1, 2, 3, 4, 5, 6]) {
    adds.push(outcomeOf(world.add(pod)));
    await world.clock.advance(700);
  }
  await world.clock.advance(20_000);
  expect(await Promise.all(adds)).toEqual(Array(6).fill("ok"));
  expect(most).toBe(1);
  await world.stop();
});

test("a call that hangs keeps no pod waiting that another interface can serve", async () => {
  const world = new NodeWorld({
    config: { pools: { default: { warm: 0 } }, reconcile: { callTimeoutMs: 60_000 } },
    provider: { interfaces: [{ id: "eni-1" }, { id: "eni-2" }] },
  });
  await world.start();
  await world.clock.settle();
  world.faults.add({ action: "changeBlocks", when: { nth: 1 }, effect: { kind: "delay", delayMs: 55_000 } });
  const adding = [1, 2, 3].map((pod) => outcomeOf(world.add(pod)));
  await world.clock.advance(6_000);
  expect(await Promise.all(adding)).toEqual(["ok", "ok", "ok"]);
  await world.clock.advance(360_000);
  expect(world.provider.cloud.blocks).toHaveLength(3);
  expectAgreement(world);
  await world.stop();
});
