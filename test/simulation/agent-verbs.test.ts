import { type Cidr, type CniResult, createCancelSource } from "@podwire/core";
import { describe, expect, test } from "vitest";
import { addressOf, expectAgreement, NodeWorld, ofCode, podKey, smallPool as small } from "./node-world.ts";

describe("start", () => {
  test("the first addresses are asked for before any pod asks, in one call", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    expect(world.agent.report().pools).toMatchObject([{ name: "default", family: 4, available: 2, incoming: 0 }]);
    expect(world.provider.calls.filter((call) => call.action === "changeBlocks")).toHaveLength(1);
    expectAgreement(world);
    await world.stop();
  });

  test("an ADD that comes before the first addresses waits for them", async () => {
    const world = new NodeWorld({ config: small, provider: { latencyMs: () => 500 } });
    await world.start();
    const adding = world.add(1);
    await world.clock.advance(5_000);
    expect(addressOf(await adding)).toMatch(/^10\.0\.0\.\d+\/32$/);
    await world.stop();
  });

  test("a node whose metadata server does not answer says so, and goes on when it does", async () => {
    const world = new NodeWorld({ config: small });
    world.failIdentity(3);
    await world.start();
    await world.clock.settle();
    expect(world.agent.report().ready).toBe(false);
    await expect(world.agent.status({ network: "podnet" }, world.call())).rejects.toEqual(ofCode("NOT_READY"));
    await world.clock.advance(60_000);
    expect(world.agent.report().ready).toBe(true);
    await world.stop();
  });

  test("stopping ends every loop and timer", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    await world.stop();
    await world.clock.advance(3_600_000);
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe("ADD", () => {
  test("from the pool makes no call to the cloud before it answers", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    const before = world.provider.calls.length;
    await world.add(1);
    expect(world.provider.calls.length).toBe(before);
    await world.stop();
  });

  test("again for the same namespace gives the same result; for another one the old attachment is removed", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    const first = await world.add(1);
    expect(await world.add(1)).toEqual(first);
    world.host.addNamespace("/run/netns/p1");
    const second = await world.add(1);
    expect(addressOf(second)).not.toEqual(addressOf(first));
    expect(await world.host.attachments()).toHaveLength(1);
    await world.stop();
  });

  test.each(["before", "after"] as const)("that the kernel refuses (%s it acted) leaves nothing", async (when) => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    world.host.failNext({ operation: "attach", when });
    await expect(world.add(1)).rejects.toEqual(ofCode("KERNEL_REFUSED"));
    expect(await world.host.attachments()).toEqual([]);
    expect(world.agent.report().attachments).toEqual([]);
    await world.stop();
  });

  test("that cannot be written down leaves nothing and gives no address", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    world.store.failCommits(1);
    await expect(world.add(1)).rejects.toEqual(ofCode("STORE_FAILED"));
    expect(await world.host.attachments()).toEqual([]);
    expect(world.agent.report().attachments).toEqual([]);
    await world.stop();
  });

  test("whose caller goes away meanwhile is undone", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    const release = world.host.holdAttach();
    const caller = createCancelSource();
    const adding = world.add(1, {}, { signal: caller.signal });
    const failed = expect(adding).rejects.toEqual(ofCode("CANCELLED"));
    await world.clock.settle();
    caller.abort(new Error("gone"));
    release();
    await failed;
    expect(await world.host.attachments()).toEqual([]);
    await world.stop();
  });

  test("into a namespace that holds such an interface already is refused and changes nothing", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    world.host.addNamespace("/run/netns/taken", ["eth0"]);
    await expect(world.add(1, { netnsPath: "/run/netns/taken" })).rejects.toEqual(ofCode("INTERFACE_EXISTS"));
    expect(world.agent.report().attachments).toEqual([]);
    await world.stop();
  });

  test("more than the pool holds are served in order as it grows", async () => {
    const world = new NodeWorld({ config: small, provider: { latencyMs: () => 400 } });
    await world.boot();
    const order: number[] = [];
    const adds = [1, 2, 3, 4, 5, 6].map((pod) => world.add(pod).then(() => order.push(pod)));
    await world.clock.advance(10_000);
    await Promise.all(adds);
    expect(order).toEqual([1, 2, 3, 4, 5, 6]);
    expectAgreement(world);
    await world.stop();
  });

  test("that waits is woken by a DEL as well, once the address has cooled down", async () => {
    const config = { pools: { default: { warm: 0, maximum: 1, cooldownMs: 10_000 } } };
    const world = new NodeWorld({ config });
    await world.start();
    await world.clock.settle();
    const first = world.add(1);
    await world.clock.advance(2_000);
    const address = addressOf(await first);
    const second = world.add(2);
    await world.clock.advance(1_000);
    await world.del(1);
    await world.clock.advance(9_999);
    expect(world.agent.report().pools[0]?.waiters).toBe(1);
    await world.clock.advance(1);
    expect(addressOf(await second)).toEqual(address);
    await world.stop();
  });

  test.each([
    ["POOL_EXHAUSTED", { pools: { default: { warm: 0, maximum: 1 } } }, {}],
    ["INTERFACE_LIMIT", small, { limits: { maxInterfaces: 1, blocksPerInterface: { 4: 1, 6: 0 } } }],
  ])("that waits in vain fails at its deadline with %s", async (expected, config, provider) => {
    const world = new NodeWorld({ config, provider });
    await world.start();
    await world.clock.settle();
    const first = world.add(1);
    await world.clock.advance(1_000);
    await first;
    const failed = expect(world.add(2)).rejects.toEqual(ofCode(expected));
    await world.clock.advance(29_000);
    await failed;
    expect(world.agent.report().pools[0]?.waiters).toBe(0);
    await world.stop();
  });

  test("that waits for a full subnet fails with SUBNET_EXHAUSTED, and succeeds once there is room", async () => {
    const world = new NodeWorld({ config: small });
    const giveBack = world.provider.cloud.occupy("subnet-1", 0);
    await world.start();
    await world.clock.settle();
    const failed = expect(world.add(1)).rejects.toEqual(ofCode("SUBNET_EXHAUSTED"));
    await world.clock.advance(29_000);
    await failed;
    giveBack();
    const adding = world.add(2, {}, { deadlineMs: world.clock.bootMs() + 120_000 });
    await world.clock.advance(90_000);
    expect(addressOf(await adding)).toBeDefined();
    await world.stop();
  });

  test("that waits for a throttling cloud fails with CLOUD_THROTTLED", async () => {
    const world = new NodeWorld({ config: small });
    world.faults.add({ action: "changeBlocks", when: "always", effect: { kind: "fail", code: "CLOUD_THROTTLED" } });
    await world.start();
    const failed = expect(world.add(1)).rejects.toEqual(ofCode("CLOUD_THROTTLED"));
    await world.clock.advance(29_000);
    await failed;
    const calls = world.provider.calls.filter((call) => call.action === "changeBlocks").length;
    expect(calls).toBeLessThan(8);
    await world.stop();
  });
});

describe("DEL", () => {
  test("releases the address, which rests before another pod gets it", async () => {
    const world = new NodeWorld({ config: { pools: { default: { warm: 0, cooldownMs: 30_000 } } } });
    await world.start();
    await world.clock.settle();
    const adding = world.add(1);
    await world.clock.advance(1_000);
    await adding;
    await world.del(1);
    expect(world.agent.report().pools[0]).toMatchObject({ available: 0, addresses: { cooling: 1, allocated: 0 } });
    await world.clock.advance(30_000);
    expect(world.agent.report().pools[0]?.addresses.cooling).toBe(0);
    await world.stop();
  });

  test("of the unknown, twice, and at the same time, succeeds", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    await world.del(9);
    await world.add(1);
    await Promise.all([world.del(1), world.del(1)]);
    await world.del(1);
    expect(world.agent.report().attachments).toEqual([]);
    await world.stop();
  });

  test.each([
    ["unknown", undefined],
    ["renamed", "other"],
  ])("works when the network is %s", async (_name, network) => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    await world.add(1);
    await world.del(1, { network });
    expect(await world.host.attachments()).toEqual([]);
    await world.stop();
  });

  test("that was spooled before the attachment was made is not its business", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    const madeMs = world.clock.bootMs();
    await world.clock.advance(10);
    await world.add(1);
    await world.del(1, { madeMs });
    expect(world.agent.report().attachments).toHaveLength(1);
    await world.del(1, { madeMs: world.clock.bootMs() });
    expect(world.agent.report().attachments).toEqual([]);
    await world.stop();
  });

  test("that the kernel refuses keeps the address, fails, and is done later without anybody asking", async () => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    await world.add(1);
    world.host.failNext({ operation: "detach", when: "before" });
    await expect(world.del(1)).rejects.toEqual(ofCode("KERNEL_REFUSED"));
    expect(world.agent.report().pools[0]?.addresses.allocated).toBe(1);
    await world.clock.advance(10_000);
    expect(world.agent.report().attachments).toEqual([]);
    expect(await world.host.attachments()).toEqual([]);
    await world.stop();
  });
});

describe("GC", () => {
  test.each([
    ["an absent list removes nothing", undefined, ["c1", "c2"]],
    ["an empty list removes everything of the network", [], []],
    ["what is listed stays", [{ containerId: "c2", ifName: "eth0" }], ["c2"]],
  ])("%s", async (_name, validAttachments, left) => {
    const world = new NodeWorld({ config: small });
    await world.boot();
    await Promise.all([world.add(1), world.add(2)]);
    await world.agent.gc({ network: "other", validAttachments: [] }, world.call());
    await world.agent.gc({ network: "podnet", validAttachments }, world.call());
    expect(world.agent.report().attachments.map(({ containerId }) => containerId)).toEqual(left);
    await world.stop();
  });
});

describe("CHECK", () => {
  async function added() {
    const world = new NodeWorld({ config: { ...small, reconcile: { intervalMs: 1_000 } } });
    await world.boot();
    const prevResult = await world.add(1);
    await world.clock.advance(1_000);
    const check = (more: { netnsPath?: string; prevResult?: CniResult } = {}) =>
      world.agent.check({ key: podKey(1), netnsPath: "/run/netns/p1", prevResult, ...more }, world.call());
    await check();
    return { world, check, address: addressOf(prevResult) };
  }
  const failed = (details: string) =>
    expect.objectContaining({ code: "CHECK_FAILED", details: expect.stringContaining(details) });

  test("fails in another namespace than that of ADD", async () => {
    const { world, check } = await added();
    world.ensureNamespace("/run/netns/other");
    await expect(check({ netnsPath: "/run/netns/other" })).rejects.toEqual(failed("another namespace"));
    await world.stop();
  });

  test("fails when prevResult does not list our address; others in it are no matter", async () => {
    const { world, check, address } = await added();
    const other = { address: "192.0.2.1/24" };
    await expect(check({ prevResult: { ips: [other] } })).rejects.toEqual(failed("prevResult does not list"));
    await check({ prevResult: { ips: [other, { address: `${address}` }] } });
    await world.stop();
  });

  test("fails when the cloud no longer delivers the address to the node", async () => {
    const { world, check, address } = await added();
    world.provider.cloud.remove("eni-1", [address as Cidr]);
    await world.clock.advance(5_000);
    await expect(check()).rejects.toEqual(failed("no longer delivers"));
    await world.stop();
  });

  test("fails when the link is gone", async () => {
    const { world, check } = await added();
    world.host.breakAttachment(podKey(1));
    await expect(check()).rejects.toEqual(failed("link missing"));
    await world.stop();
  });
});
