import { type AttachmentKey, measuredHost, neverCancelled, parseAddress, parseMac, silentMetrics } from "@podwire/core";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../clock/virtual-clock.ts";
import { hostContract } from "./host-contract.ts";
import type { Damage, HostPlace } from "./host-place.ts";
import { hostNetnsPath, type MemoryDamage, MemoryHost, type MemoryHostOptions } from "./memory-host.ts";
import { sampleSpec } from "./sample-network.ts";

const primaryMac = parseMac("02:00:00:00:0a:00");
const secondaryMac = parseMac("02:00:00:00:0a:01");

interface MemoryPlace extends HostPlace {
  readonly host: MemoryHost;
  damage(key: AttachmentKey, damage: MemoryDamage): void;
}

function createPlace(options: MemoryHostOptions = {}): MemoryPlace {
  const nic = { index: 2, up: true, mtuBytes: 1500 };
  const address = { address: parseAddress("10.0.0.10"), prefixLength: 24 };
  const interfaces = [
    { ...nic, name: "eth0", mac: primaryMac, addresses: [address] },
    { ...nic, name: "eth1", index: 3, mac: secondaryMac, addresses: [] },
  ];
  const host = new MemoryHost({ interfaces, ...options });
  let made = 0;
  return {
    host,
    primaryMac,
    secondaryMac,
    addNamespace: async (path = `/run/netns/pod${++made}`) => {
      host.addNamespace(path);
      return path;
    },
    removeNamespace: async (path) => host.removeNamespace(path),
    addForeignInterface: async (path, ifName) => host.addForeignInterface(path, ifName),
    badPaths: [
      { what: "nothing", path: "/run/netns/absent" },
      { what: "the host's own", path: hostNetnsPath },
    ],
    snapshot: async () => host.snapshot(),
    dispose: async () => {},
    damage: (key, damage) => host.damage(key, damage),
  };
}

const damages: readonly Damage[] = [
  damageOf({ side: "node", object: "link" }),
  damageOf({ side: "node", object: "route" }),
  damageOf({ side: "pod", object: "addr" }),
];

function damageOf(damage: MemoryDamage): Damage {
  return {
    name: `a broken ${damage.object} of the ${damage.side}`,
    side: damage.side,
    inflict: async ({ place, spec }) => (place as MemoryPlace).damage(spec.key, damage),
  };
}

describe("the memory host keeps the contract of HostNetwork", () => {
  hostContract({ test, createPlace: async () => createPlace(), damages });
});

describe("the memory host without IPv6 keeps the contract of HostNetwork", () => {
  hostContract({ test, createPlace: async () => createPlace({ capabilities: { families: [4] } }), damages });
});

describe("a host whose operations are measured keeps the contract of HostNetwork", () => {
  const createMeasured = async () => {
    const place = createPlace();
    const host = measuredHost(place.host, { clock: new VirtualClock(), metrics: silentMetrics });
    return { ...(place as HostPlace), host };
  };
  hostContract({ test, createPlace: createMeasured, damages: [] });
});

describe("a fault", () => {
  test("before attach leaves nothing, and comes once", async () => {
    const place = createPlace();
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    place.host.failNext({ operation: "attach", when: "before" });
    await expect(place.host.attach(spec, neverCancelled)).rejects.toMatchObject({ code: "KERNEL_REFUSED" });
    expect(await place.host.attachments()).toEqual([]);
    await place.host.attach(spec, neverCancelled);
  });

  test("after detach comes when everything is gone", async () => {
    const place = createPlace();
    const spec = await sampleSpec(place, { netnsPath: await place.addNamespace() });
    await place.host.attach(spec, neverCancelled);
    place.host.failNext({ operation: "detach", when: "after" });
    await expect(place.host.detach(spec.key)).rejects.toMatchObject({ code: "KERNEL_REFUSED" });
    expect(await place.host.attachments()).toEqual([]);
  });
});
