import type { CniResult } from "@podwire/core";
import { deleteAddr, openNetlink } from "@podwire/linux";
import { type CniContainer, callPlugin, podIfName } from "@podwire/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";

let lab: NodeLab;
let closeLab = async () => {};

beforeAll(async () => {
  lab = await openNodeLab();
  closeLab = lab.close;
}, 60_000);
afterAll(() => closeLab());

const addressLengths = { 4: 32, 6: 128 } as const;

async function linksIn(netnsPath: string): Promise<readonly string[]> {
  const netlink = openNetlink({ netnsPath });
  try {
    return (await netlink.links()).map(({ name }) => name).sort();
  } finally {
    netlink.close();
  }
}

async function removeAddress(container: CniContainer): Promise<void> {
  const netlink = openNetlink({ netnsPath: container.netnsPath });
  try {
    const addr = (await netlink.addrs()).find(({ prefixLength }) => prefixLength === addressLengths[4]);
    if (addr !== undefined) await netlink.apply([deleteAddr(addr)]);
  } finally {
    netlink.close();
  }
}

function call(verb: "ADD" | "DEL" | "CHECK" | "GC" | "STATUS", container?: CniContainer, config: object = {}) {
  return callPlugin(lab.plugins.c, verb, { ...(container === undefined ? {} : { container }), config });
}

describe("ADD and DEL", () => {
  const versions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

  test.each(versions)("speak CNI %s", async (cniVersion) => {
    const container = lab.container(`v${cniVersion.replaceAll(".", "-")}`);
    const { exitCode, answer } = await call("ADD", container, { cniVersion });
    expect({ exitCode, answer }).toMatchObject({ exitCode: 0, answer: { cniVersion } });
    expect(JSON.stringify(answer)).toMatch(/10\.0\.0\.\d+\/32/);
    expect(await linksIn(container.netnsPath)).toEqual([podIfName, "lo"]);
    expect(await call("DEL", container, { cniVersion, prevResult: answer })).toMatchObject({ exitCode: 0 });
    expect(await linksIn(container.netnsPath)).toEqual(["lo"]);
  });

  test("the result says what is in the kernel: both ends, the address on the pod's, the way out", async () => {
    const container = lab.container("result");
    const result = (await added(lab.plugins.c, container)) as CniResult;
    expect(result.interfaces).toMatchObject([
      { name: expect.stringMatching(/^pw/), mac: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/) },
      { name: podIfName, sandbox: container.netnsPath, mac: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/) },
    ]);
    expect(result.ips).toMatchObject([{ interface: 1, gateway: "169.254.1.1" }]);
    expect(result.routes).toContainEqual({ dst: "0.0.0.0/0", gw: "169.254.1.1" });
    const [host] = result.interfaces ?? [];
    expect(await linksIn(lab.nodeNetnsPath)).toContain(host?.name);
    await call("DEL", container);
  });

  test("nine at once, all the instance has room for, get nine addresses, and all go again", async () => {
    const containers = Array.from({ length: 9 }, (_, index) => lab.container(`many-${index}`));
    const outcomes = await Promise.all(containers.map((container) => call("ADD", container)));
    const addresses = outcomes.map(({ answer }) => (answer as CniResult).ips?.[0]?.address);
    expect(new Set(addresses).size).toBe(9);
    await Promise.all(containers.map((container) => call("DEL", container)));
    expect((await lab.podwired.report()).attachments).toEqual([]);
  });

  test.each([
    ["without CNI_NETNS", { CNI_NETNS: undefined }],
    ["with a namespace path that is gone", { CNI_NETNS: "/run/netns/gone" }],
  ])("DEL %s still frees everything", async (_what, environment) => {
    const container = lab.container(`del-${Object.values(environment)[0] === undefined ? "unset" : "gone"}`);
    await added(lab.plugins.c, container);
    expect(await callPlugin(lab.plugins.c, "DEL", { container, environment })).toMatchObject({ exitCode: 0 });
    expect(await linksIn(container.netnsPath)).toEqual(["lo"]);
    expect((await lab.podwired.report()).attachments).toEqual([]);
  });

  test("DEL with the prevResult of another container frees nothing of that one", async () => {
    const mine = lab.container("mine");
    const other = lab.container("other");
    const [, otherResult] = [await added(lab.plugins.c, mine), await added(lab.plugins.c, other)];
    await call("DEL", mine, { prevResult: otherResult });
    const { attachments } = await lab.podwired.report();
    expect(attachments.map(({ containerId }) => containerId)).toEqual([other.containerId]);
    expect(await call("CHECK", other, { prevResult: otherResult })).toMatchObject({ exitCode: 0 });
    await call("DEL", other);
  });

  test("in a chain our result is appended to prevResult", async () => {
    const container = lab.container("chain");
    const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "other0" }], ips: [], "example.com/x": 1 };
    const { answer } = await call("ADD", container, { prevResult });
    expect(answer).toMatchObject({
      "example.com/x": 1,
      interfaces: [{ name: "other0" }, {}, {}],
      ips: [{ interface: 2 }],
    });
    await call("DEL", container);
  });
});

describe("CHECK", () => {
  test("passes after ADD and changes nothing; fails, naming it, when the pod's address is gone", async () => {
    const container = lab.container("check");
    const prevResult = await added(lab.plugins.c, container);
    const before = await lab.picture(container);
    expect(await call("CHECK", container, { prevResult })).toMatchObject({ exitCode: 0, answer: undefined });
    expect(await lab.picture(container)).toBe(before);
    await removeAddress(container);
    const { exitCode, answer } = await call("CHECK", container, { prevResult });
    expect({ exitCode, answer }).toMatchObject({
      exitCode: 1,
      answer: { code: 107, details: expect.stringContaining("addr") },
    });
    await call("DEL", container);
  });

  test("without prevResult, or below CNI 0.4.0, is refused", async () => {
    const container = lab.container("check-refused");
    expect((await call("CHECK", container)).answer).toMatchObject({ code: 7 });
    expect((await call("CHECK", container, { cniVersion: "0.3.1" })).answer).toMatchObject({ code: 1 });
  });
});

describe("GC", () => {
  test("removes what is not listed, in the kernel too; an absent list removes nothing", async () => {
    const [kept, stale] = [lab.container("gc-kept"), lab.container("gc-stale")];
    for (const container of [kept, stale]) await added(lab.plugins.c, container);
    expect(await call("GC")).toMatchObject({ exitCode: 0 });
    expect((await lab.podwired.report()).attachments).toHaveLength(2);
    const list = [{ containerID: kept.containerId, ifname: podIfName }];
    expect(await call("GC", undefined, { "cni.dev/valid-attachments": list })).toMatchObject({ exitCode: 0 });
    expect(await linksIn(stale.netnsPath)).toEqual(["lo"]);
    expect(await linksIn(kept.netnsPath)).toEqual([podIfName, "lo"]);
    await call("DEL", kept);
  });
});

test("STATUS succeeds while an ADD could be served", async () => {
  await expect.poll(async () => (await call("STATUS")).exitCode, { timeout: 10_000 }).toBe(0);
  expect((await call("STATUS", undefined, { cniVersion: "1.0.0" })).answer).toMatchObject({ code: 1 });
});
