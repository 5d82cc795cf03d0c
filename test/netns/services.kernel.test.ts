import { neverCancelled } from "@podwire/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { countedPackets, nft } from "./nft.ts";
import {
  createPodLab,
  echoPort,
  type LabPod,
  nodeAddresses,
  outsideAddresses,
  type PodLab,
  peerAddresses,
  remotePodAddresses,
  secondaryAddresses,
  seenAs,
} from "./pod-lab.ts";
import { markedForMasquerade, type ServicePort, withServices } from "./service-proxy.ts";

let lab: PodLab;
/** On the primary interface, one more there, and on the secondary one. */
let pods: Record<"first" | "other" | "second", LabPod>;

beforeAll(async () => {
  lab = await createPodLab();
  await lab.host.converge(lab.desired(), neverCancelled);
  pods = {
    first: await lab.addPod("first", ["10.0.1.3", "2001:db8:0:0:1::3"]),
    other: await lab.addPod("other", ["10.0.1.4", "2001:db8:0:0:1::4"]),
    second: await lab.addPod("second", ["10.0.2.5", "2001:db8:0:0:2::5"]),
  };
});

afterAll(() => lab?.close());

const nodePort = 30080;
const serviceAddresses = ["10.96.0.1", "2001:db8:96::1"] as const;

const families = [
  ["IPv4", 0],
  ["IPv6", 1],
] as const;
const podsOfBoth = families.flatMap(([ip, family]) =>
  (["first", "second"] as const).map((name) => ({ ip, family, name })),
);

describe.each(podsOfBoth)("by $ip, with the $name pod", ({ family, name }) => {
  const service = { address: serviceAddresses[family], port: 80 };
  const own = () => pods[name].addresses[family] ?? "";
  const remotePod = remotePodAddresses[family] ?? "";
  const node = { primary: nodeAddresses[family] ?? "", secondary: secondaryAddresses[family] ?? "" };
  const serve = (port: Omit<ServicePort, "backend">, address: string, work: () => Promise<void>) =>
    withoutMisrouting(() => withServices(lab.nodePath, [{ ...port, backend: { address, port: echoPort } }], work));

  test.each([
    ["a pod on the primary interface", () => pods.other.addresses[family] ?? ""],
    ["a pod of the VPC", () => remotePod],
    ["an instance of the VPC", () => peerAddresses[family] ?? ""],
  ])("a service address leads to %s, which sees the pod's own address", async (_what, backend) => {
    await serve(service, backend(), async () => {
      expect(await seenAs(pods[name].probe, service.address, service.port)).toBe(own());
    });
  });

  test("a service address leads to a host outside, as without a service", async () => {
    const seen = family === 0 ? node.primary : own();
    await serve(service, outsideAddresses[family] ?? "", async () => {
      expect(await seenAs(pods[name].probe, service.address, service.port)).toBe(seen);
    });
  });

  test("the pod reaches itself by its service and sees the node", async () => {
    await serve(service, own(), async () => {
      const seen = await seenAs(pods[name].probe, service.address, service.port);
      expect([node.primary, node.secondary]).toContain(seen);
    });
  });

  test("the node reaches the pod by its service", async () => {
    await serve(service, own(), async () => {
      const seen = await seenAs(lab.probes.node, service.address, service.port);
      expect([node.primary, node.secondary]).toContain(seen);
    });
  });

  test("marks of others on its packets stay", async () => {
    const watch = `chain out { type filter hook postrouting priority 0; ${markedForMasquerade} counter; };`;
    nft(lab.nodePath, `table inet watch { ${watch} }`);
    try {
      await serve({ ...service, masqueraded: true }, remotePod, async () => {
        // Masqueraded to the interface that holds the pod's address: the mark has led it there.
        expect(await seenAs(pods[name].probe, service.address, service.port)).toBe(
          name === "first" ? node.primary : node.secondary,
        );
      });
      expect(countedPackets(lab.nodePath, "inet watch out")).toBeGreaterThan(0);
    } finally {
      nft(lab.nodePath, "delete", "table", "inet", "watch");
    }
  });

  describe.each(["primary", "secondary"] as const)("a node port asked on the %s interface", (entry) => {
    const port = { address: node[entry], port: nodePort };

    test("is answered by the pod, which sees the client's address", async () => {
      await serve(port, own(), async () => {
        for (const [probe, address] of clientsOf(family))
          expect(await seenAs(probe, port.address, nodePort)).toBe(address);
      });
    });

    test("leads the pod to another one, which sees the pod's own address", async () => {
      await serve(port, pods.other.addresses[family] ?? "", async () => {
        expect(await seenAs(pods[name].probe, port.address, nodePort)).toBe(own());
      });
    });

    test("is answered by the pod, which sees the node's address if so configured", async () => {
      await serve({ ...port, masqueraded: true }, own(), async () => {
        for (const [probe] of clientsOf(family)) {
          expect([node.primary, node.secondary]).toContain(await seenAs(probe, port.address, nodePort));
        }
      });
    });
  });
});

describe.each(families)("by %s, without a pod of this node", (_, family) => {
  const [node = "", remotePod = ""] = [nodeAddresses[family], remotePodAddresses[family]];

  test.each([
    { entry: "primary", what: "a pod of the VPC", backend: remotePod, masqueraded: true },
    { entry: "secondary", what: "a pod of the VPC", backend: remotePod, masqueraded: true },
    { entry: "primary", what: "a process of the node", backend: node, masqueraded: false },
    { entry: "secondary", what: "a process of the node", backend: node, masqueraded: false },
  ])("a node port asked on the $entry interface is answered by $what", async ({ entry, backend, masqueraded }) => {
    const address = (entry === "primary" ? nodeAddresses : secondaryAddresses)[family] ?? "";
    const port = { address, port: nodePort, backend: { address: backend, port: echoPort }, masqueraded };
    await withoutMisrouting(() =>
      withServices(lab.nodePath, [port], async () => {
        for (const [probe, client] of clientsOf(family)) {
          expect(await seenAs(probe, address, nodePort)).toBe(masqueraded ? node : client);
        }
      }),
    );
  });
});

test.each(families)("by %s the node reaches a pod of the VPC by its service", async (_, family) => {
  const service = { address: serviceAddresses[family], port: 80 };
  const backend = { address: remotePodAddresses[family] ?? "", port: echoPort };
  await withServices(lab.nodePath, [{ ...service, backend }], async () => {
    expect(await seenAs(lab.probes.node, service.address, service.port)).toBe(nodeAddresses[family]);
  });
});

/** Those who ask from elsewhere: an instance in the VPC and a host outside. */
function clientsOf(family: 0 | 1) {
  return [
    [lab.probes.peer, peerAddresses[family]],
    [lab.probes.outside, outsideAddresses[family]],
  ] as const;
}

/** Nothing leaves by an interface that does not have its source address: the cloud would drop it there. */
async function withoutMisrouting(work: () => Promise<void>): Promise<void> {
  const before = await lab.fabric.drops();
  await work();
  expect(await lab.fabric.drops()).toEqual(before);
}
