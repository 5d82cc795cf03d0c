import { type AttachmentSpec, neverCancelled, PodwireError, parseAddress, parseCidr, parseMac } from "@podwire/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DataPath, DataPathHost } from "../data-path.ts";
import { defaultKernelNumbers } from "../kernel-numbers.ts";
import { createNetns, deleteNetns } from "../namespace/named-netns.ts";
import { netnsCookie, openNetns, runInNetns } from "../namespace/netns.ts";
import { openPodNamespace } from "../namespace/pod-namespace.ts";
import { createBridge, createVeth, setLink } from "../netlink/link.ts";
import { type Netlink, openNetlink } from "../netlink/netlink.ts";
import { type Route, replaceRoute } from "../netlink/route.ts";
import { createSysctl } from "../sysctl/sysctl.ts";
import { linkIdentity } from "./attachment-link.ts";
import { createVethDataPath } from "./veth-data-path.ts";

const [hostPath, podPath, otherPath] = ["host", "pod", "other"].map((name) => `/run/netns/attach-${name}`) as [
  string,
  string,
  string,
];
const key = { network: "pods", containerId: "c1", ifName: "eth0" };
const { hostIfName } = linkIdentity(key);
const numbers = defaultKernelNumbers;

let netlink: Netlink;
let pod: Netlink;

beforeEach(() => {
  for (const path of [hostPath, podPath, otherPath]) createNetns(path);
  netlink = openNetlink({ netnsPath: hostPath });
  pod = openNetlink({ netnsPath: podPath });
});

afterEach(() => {
  for (const one of [netlink, pod]) one.close();
  for (const path of [hostPath, podPath, otherPath]) deleteNetns(path);
});

function dataPath(changes: Partial<DataPathHost> = {}): DataPath {
  return createVethDataPath({ netlink, numbers, hasIpv6: true, openPod: openPodNamespace, ...changes });
}

function spec(path = podPath, address = "10.0.1.5"): AttachmentSpec {
  const netns = openNetns(path);
  const cookie = netnsCookie(netns);
  netns.close();
  const interfaceMac = parseMac("02:00:00:00:0a:00");
  return {
    key,
    netns: { path, cookie },
    datapath: "veth",
    addresses: [
      { address: parseAddress(address), block: parseCidr("10.0.1.0/28"), interfaceMac },
      { address: parseAddress("2001:db8::5"), block: parseCidr("2001:db8::/80"), interfaceMac },
    ],
    mtuBytes: 9001,
  };
}

test("attach alone makes each end know the other's addresses for good, and the host's end check sources", async () => {
  const { hostMac, podMac } = await dataPath().attach(spec(), neverCancelled);
  const known = async (one: Netlink) =>
    [...(await one.neighs(4)), ...(await one.neighs(6))].flatMap(({ address, mac, permanent }) =>
      permanent ? [`${address} ${mac}`] : [],
    );
  expect(await known(pod)).toEqual([`169.254.1.1 ${hostMac}`, `fe80::1 ${hostMac}`]);
  expect(await known(netlink)).toEqual([`10.0.1.5 ${podMac}`, `2001:db8::5 ${podMac}`]);
  expect((await netlink.link(hostIfName))?.rpFilter).toBe(1);
});

describe("when the kernel refuses", () => {
  /** Fails the n-th conversation, before the kernel heard of it or after it did as asked. */
  function failing(inner: Netlink, count: { left: number }, when: "before" | "after"): Netlink {
    const guard = async <T>(act: () => Promise<T>): Promise<T> => {
      const due = --count.left === 0;
      const refused = new PodwireError("KERNEL_REFUSED", "refused, as the test asked for");
      if (due && when === "before") throw refused;
      const result = await act();
      if (due) throw refused;
      return result;
    };
    return {
      ...inner,
      apply: (requests) => guard(() => inner.apply(requests)),
      send: (requests) => guard(() => inner.send(requests)),
    };
  }

  test.each(["before", "after"] as const)("at any step, %s it acted, nothing is left", async (when) => {
    const clean = await everything();
    for (let step = 1; ; step++) {
      const count = { left: step };
      const openPod: DataPathHost["openPod"] = (ref) => {
        const opened = openPodNamespace(ref);
        return { ...opened, netlink: failing(opened.netlink, count, when) };
      };
      // The undoing is not the one that fails: it goes by the data path's own reaper, after the count is over.
      const attached = dataPath({ netlink: failing(netlink, count, when), openPod }).attach(spec(), neverCancelled);
      const outcome = await attached.then(
        () => "attached",
        (error: PodwireError) => error.message,
      );
      if (outcome === "attached") {
        expect(step).toBeGreaterThan(4);
        return;
      }
      expect(outcome).toContain("as the test asked for");
      // A refusal of the very last step, setting lo up, comes when it has happened.
      const last = (await pod.link("lo"))?.up === true;
      if (!last) expect(await everything(), `step ${step}`).toEqual(clean);
      expect(await netlink.link(hostIfName)).toBeUndefined();
      await pod.apply([setLink("lo", { up: false })]);
    }
  });
});

describe("what belongs to somebody else stays as it is", () => {
  test("a default route in the pod: the attachment is refused", async () => {
    const foreign = await foreignRoute(pod, { table: 254, destination: "0.0.0.0/0" });
    const clean = await everything();
    await expect(dataPath().attach(spec(), neverCancelled)).rejects.toMatchObject({
      code: "KERNEL_REFUSED",
      details: "EEXIST",
    });
    expect(await everything()).toEqual(clean);
    expect(await pod.routes({ family: 4, table: 254 })).toContainEqual(foreign);
  });

  test("a route to the pod's address in the pods' table: the attachment is refused", async () => {
    const foreign = await foreignRoute(netlink, { table: numbers.podTable, destination: "10.0.1.5/32" });
    await expect(dataPath().attach(spec(), neverCancelled)).rejects.toMatchObject({ code: "KERNEL_REFUSED" });
    expect(await netlink.routes({ family: 4, table: numbers.podTable })).toEqual([foreign]);
  });

  test("a link on the node under the name of the attachment's", async () => {
    await netlink.apply([
      createVeth({ name: hostIfName, mtuBytes: 1500, peer: { name: "p" } }),
      setLink(hostIfName, { alias: "mine" }),
    ]);
    const clean = await everything();
    await expect(dataPath().attach(spec(), neverCancelled)).rejects.toMatchObject({ code: "INTERFACE_EXISTS" });
    expect(await dataPath().detach(key)).toBe(false);
    expect(await everything()).toEqual(clean);
  });
});

describe("an earlier life of the key", () => {
  test("in another namespace is removed", async () => {
    await dataPath().attach(spec(otherPath), neverCancelled);
    const facts = await dataPath().attach(spec(), neverCancelled);
    expect((await pod.link("eth0"))?.mac).toBe(facts.podMac);
    const other = openNetlink({ netnsPath: otherPath });
    expect(await other.link("eth0")).toBeUndefined();
    other.close();
  });

  test("with another address is removed, its routes with it", async () => {
    await dataPath().attach(spec(podPath, "10.0.1.7"), neverCancelled);
    await dataPath().attach(spec(), neverCancelled);
    const routes = await netlink.routes({ family: 4, table: numbers.podTable });
    expect(routes.map(({ destination }) => destination)).toEqual(["10.0.1.5/32"]);
    expect((await pod.addrs(4)).map(({ address }) => address)).toContain("10.0.1.5");
    expect((await pod.addrs(4)).map(({ address }) => address)).not.toContain("10.0.1.7");
  });

  test("that a crash cut off before the alias is taken up, and detached", async () => {
    await netlink.apply([createVeth({ name: hostIfName, mtuBytes: 1500, peer: { name: "p" } })]);
    await dataPath().attach(spec(), neverCancelled);
    expect((await netlink.link(hostIfName))?.alias).toBe("podwire:pods/c1/eth0");
    await netlink.apply([setLink(hostIfName, { alias: "" })]);
    expect(await dataPath().detach(key)).toBe(true);
    expect(await netlink.link(hostIfName)).toBeUndefined();
  });

  test("is not mistaken for a foreign pair whose ends have the same numbers", async () => {
    const other = openNetlink({ netnsPath: otherPath });
    await other.apply([createBridge("br0")]);
    await dataPath().attach(spec(otherPath), neverCancelled);
    const netns = openNetns(podPath);
    const peer = { name: "x1", netnsFd: netns.fd };
    await netlink.apply([createVeth({ name: "x0", mtuBytes: 1500, peer })]);
    await pod.apply([createVeth({ name: "far", mtuBytes: 1500, peer: { name: "eth0" } })]);
    const [stale, foreign] = [await other.link("eth0"), await pod.link("eth0")];
    expect(stale?.index).toBe(foreign?.index);
    await expect(dataPath().attach(spec(), neverCancelled)).rejects.toMatchObject({ code: "INTERFACE_EXISTS" });
    expect(await pod.link("eth0")).toEqual(foreign);
    for (const one of [other, netns]) one.close();
  });
});

test("a namespace in which new links have no IPv6 gets it on the pod's link alone", async () => {
  const netns = openNetns(podPath);
  const sysctl = createSysctl((action) => runInNetns(netns, action));
  for (const which of ["all", "default"]) sysctl.write(`net/ipv6/conf/${which}/disable_ipv6`, "1");
  await dataPath().attach(spec(), neverCancelled);
  expect((await pod.addrs(6)).map(({ address }) => address)).toContain("2001:db8::5");
  expect(sysctl.read("net/ipv6/conf/default/disable_ipv6")).toBe("1");
  netns.close();
});

test("a key that no alias can hold is refused before anything is made", async () => {
  const clean = await everything();
  const long = { ...spec(), key: { ...key, containerId: "c".repeat(300) } };
  await expect(dataPath().attach(long, neverCancelled)).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  expect(await everything()).toEqual(clean);
});

async function foreignRoute(
  where: Netlink,
  { table, destination }: { table: number; destination: string },
): Promise<Route> {
  await where.apply([createVeth({ name: "va", mtuBytes: 1500, peer: { name: "vb" } }), setLink("va", { up: true })]);
  const ifIndex = (await where.link("va"))?.index ?? 0;
  const route: Route = { table, type: "unicast", destination: parseCidr(destination), ifIndex, protocol: 4 };
  await where.apply([replaceRoute(route)]);
  return route;
}

/** Of both namespaces, without what the kernel adds by itself. */
async function everything() {
  return Promise.all(
    [netlink, pod].map(async (one) => ({
      links: await one.links(),
      addrs: (await one.addrs()).filter(({ address }) => !address.startsWith("fe80:")),
      routes: [...(await one.routes({ family: 4 })), ...(await one.routes({ family: 6 }))].filter(
        ({ protocol }) => protocol !== 2,
      ),
      rules: [...(await one.rules(4)), ...(await one.rules(6))],
      neighs: [...(await one.neighs(4)), ...(await one.neighs(6))].filter(({ permanent }) => permanent),
    })),
  );
}
