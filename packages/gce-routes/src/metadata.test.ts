import { neverCancelled } from "@podwire/core";
import { FaultPlan, type FaultRule, VirtualClock } from "@podwire/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { createMetadataIdentity } from "./metadata.ts";
import { FakeGce } from "./testing/index.ts";

const scenario = {
  networks: [{ name: "main" }],
  subnetworks: [{ name: "nodes", network: "main", region: "europe-west1", ipCidrRange: "10.0.0.0/24" }],
  instances: [{ name: "node-1", zone: "europe-west1-b", networkInterfaces: [{ subnetwork: "nodes" }] }],
};

async function open(rules: readonly FaultRule[] = [], instance = "node-1") {
  const clock = new VirtualClock();
  const fake = new FakeGce({ scenario, clock, faults: new FaultPlan(rules) });
  const server = await fake.serveMetadata({ host: "127.0.0.1", port: 0, instance });
  onTestFinished(() => server.close());
  return { fake, clock, server, identity: createMetadataIdentity({ clock, endpoint: server.url }) };
}

test("the metadata server tells who the node is, once and for all", async () => {
  const { fake, server, identity } = await open();
  const node = await identity.self(neverCancelled);
  expect(node).toEqual(fake.nodeRef("node-1"));
  expect(node.networkId).toBe("projects/p1/global/networks/main");
  await server.close();
  expect(await identity.self(neverCancelled)).toBe(node);
});

test("who does not name the flavor is refused", async () => {
  const { server } = await open();
  const url = `${server.url}/computeMetadata/v1/instance/name`;
  expect((await fetch(url)).status).toBe(403);
  const headers = { "metadata-flavor": "Google", "x-forwarded-for": "10.0.0.9" };
  expect((await fetch(url, { headers })).status).toBe(403);
});

describe("CLOUD_UNREACHABLE", () => {
  test.each([
    { name: "an error", effect: { kind: "fail", code: "503" } },
    { name: "no answer", effect: { kind: "lose-answer" } },
  ] as const)("$name, and the next question works", async ({ effect }) => {
    const { identity } = await open([{ action: "Metadata", when: { nth: 3 }, effect }]);
    await expect(identity.self(neverCancelled)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
    expect((await identity.self(neverCancelled)).zone).toBe("europe-west1-b");
  });

  test("an instance that the server does not know", async () => {
    const { identity } = await open([], "node-9");
    await expect(identity.self(neverCancelled)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
  });

  test("silence for longer than the time limit", async () => {
    const delay = { kind: "delay", delayMs: 60_000 } as const;
    let arrived = () => {};
    const waiting = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const matching = () => {
      arrived();
      return true;
    };
    const { clock, identity } = await open([{ action: "Metadata", when: { matching }, effect: delay }]);
    const asked = expect(identity.self(neverCancelled)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
    await waiting;
    await clock.advance(5_000);
    await asked;
  });
});

test("a question that is cancelled: CANCELLED", async () => {
  const { identity } = await open();
  await expect(identity.self(AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
});
