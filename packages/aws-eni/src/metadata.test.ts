import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { neverCancelled } from "@podwire/core";
import { FaultPlan, VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createMetadataIdentity } from "./metadata.ts";
import { FakeAws, type FakeServer } from "./testing/index.ts";

describe("against the fake service", () => {
  let clock: VirtualClock;
  let faults: FaultPlan;
  let fake: FakeAws;
  let server: FakeServer;

  beforeEach(async () => {
    clock = new VirtualClock();
    faults = new FaultPlan();
    fake = new FakeAws({ scenario, clock, faults });
    server = await fake.serveMetadata({ host: "127.0.0.1", port: 0, instanceId: "i-1" });
  });

  afterEach(() => server.close());

  const identityOf = () => createMetadataIdentity({ clock, endpoint: server.url });
  const requests = () =>
    faults.injected.map(({ call }) => {
      const { method, path } = call.parameters as { readonly method: string; readonly path: string };
      return `${method} ${path}`;
    });
  const watch = () => faults.add({ action: "Metadata", when: "always", effect: { kind: "delay", delayMs: 0 } });

  test("an instance learns who it is", async () => {
    expect(await identityOf().self(neverCancelled)).toEqual(fake.nodeRef("i-1"));
  });

  test("one session token serves all questions, and success is not asked for again", async () => {
    watch();
    const identity = identityOf();
    expect(await identity.self(neverCancelled)).toBe(await identity.self(neverCancelled));
    expect(requests()).toEqual([
      "PUT /latest/api/token",
      "GET /latest/dynamic/instance-identity/document",
      "GET /latest/meta-data/mac",
      "GET /latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/vpc-id",
    ]);
  });

  test("a token that has ended is replaced by a new one", async () => {
    const identity = identityOf();
    faults.add({ action: "Metadata", when: { nth: 3 }, effect: { kind: "fail", code: "500" } });
    await expect(identity.self(neverCancelled)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
    await clock.advance(21_600_000);
    watch();
    expect((await identity.self(neverCancelled)).id).toBe("i-1");
    expect(requests().filter((request) => request.startsWith("PUT"))).toHaveLength(1);
  });

  test("without a session token nothing is asked: there is no falling back to version 1", async () => {
    const isPut = (call: { readonly parameters?: unknown }) =>
      (call.parameters as { readonly method: string }).method === "PUT";
    faults.add({ action: "Metadata", when: { matching: isPut }, effect: { kind: "fail", code: "403" } });
    await expect(identityOf().self(neverCancelled)).rejects.toMatchObject({
      code: "CLOUD_UNREACHABLE",
      message: "the metadata service gave no session token (HTTP 403)",
    });
    expect(faults.injected).toHaveLength(1);
  });

  test("a service that hangs is given up after its time, and one that is cut off at once", async () => {
    const remove = faults.add({ action: "Metadata", when: "always", effect: { kind: "delay", delayMs: 60_000 } });
    const asked = identityOf().self(neverCancelled);
    const rejected = expect(asked).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
    await vi.waitFor(() => expect(faults.injected).toHaveLength(1));
    await clock.advance(5_000);
    await rejected;
    remove();
    faults.add({ action: "Metadata", when: "always", effect: { kind: "lose-answer" } });
    await expect(identityOf().self(neverCancelled)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
  });

  test("a cancelled question ends with CANCELLED, before and on its way", async () => {
    await expect(identityOf().self(AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
    faults.add({ action: "Metadata", when: "always", effect: { kind: "delay", delayMs: 60_000 } });
    const controller = new AbortController();
    const rejected = expect(identityOf().self(controller.signal)).rejects.toMatchObject({ code: "CANCELLED" });
    await vi.waitFor(() => expect(faults.injected).toHaveLength(1));
    controller.abort();
    await rejected;
  });

  test("the endpoint comes from the standard environment variable", async () => {
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url);
    const identity = createMetadataIdentity({ clock });
    vi.unstubAllEnvs();
    expect((await identity.self(neverCancelled)).id).toBe("i-1");
  });
});

describe("nonsense for answers", () => {
  const document = {
    instanceId: "i-1",
    instanceType: "m5.large",
    region: "r",
    availabilityZone: "ra",
    privateIp: "10.0.0.4",
  };
  const good = { document: JSON.stringify(document), mac: "02:00:00:00:00:01", vpc: "vpc-1" };
  const rows = [
    { name: "a document that is no JSON", answers: { ...good, document: "<html>" }, names: /document is "<html>"/ },
    { name: "a document that is no object", answers: { ...good, document: "7" }, names: /document is "7"/ },
    {
      name: "a document without region",
      answers: { ...good, document: JSON.stringify({ ...document, region: "" }) },
      names: /region is ""/,
    },
    {
      name: "a privateIp that is none",
      answers: { ...good, document: JSON.stringify({ ...document, privateIp: "x" }) },
      names: /privateIp is "x"/,
    },
    { name: "a MAC address that is none", answers: { ...good, mac: "../../x" }, names: /mac is/ },
    { name: "a VPC id that is none", answers: { ...good, vpc: "a\nb" }, names: /vpc-id is/ },
    { name: "an answer without end", answers: { ...good, document: "x".repeat(70_000) }, names: /exceeds 65536 bytes/ },
  ];

  test.each(rows)("$name is CLOUD_UNREACHABLE and named", async ({ answers, names }) => {
    const { url, close } = await serve((request, response) => response.end(answerTo(request, answers)));
    try {
      const identity = createMetadataIdentity({ clock: new VirtualClock(), endpoint: url });
      await expect(identity.self(neverCancelled)).rejects.toMatchObject({
        code: "CLOUD_UNREACHABLE",
        message: expect.stringMatching(names),
      });
    } finally {
      await close();
    }
  });

  test("the text of a refusal is not taken for a token", async () => {
    const asked: (string | undefined)[] = [];
    const { url, close } = await serve((request, response) => {
      asked.push(request.method);
      response.writeHead(404).end("token");
    });
    try {
      const identity = createMetadataIdentity({ clock: new VirtualClock(), endpoint: url });
      await expect(identity.self(neverCancelled)).rejects.toMatchObject({
        message: expect.stringContaining("HTTP 404"),
      });
      expect(asked).toEqual(["PUT"]);
    } finally {
      await close();
    }
  });

  test("nobody there is CLOUD_UNREACHABLE with the reason", async () => {
    const { url, close } = await serve(() => {});
    await close();
    const identity = createMetadataIdentity({ clock: new VirtualClock(), endpoint: url });
    await expect(identity.self(neverCancelled)).rejects.toMatchObject({
      code: "CLOUD_UNREACHABLE",
      details: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

const scenario = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"] }],
  subnets: [{ subnetId: "subnet-1", vpcId: "vpc-1", availabilityZone: "zone-a", cidrBlock: "10.0.0.0/24" }],
  instances: [
    {
      instanceId: "i-1",
      instanceType: "m5.large",
      subnetId: "subnet-1",
      networkInterfaces: [{ macAddress: "02:00:00:00:00:01" }],
    },
  ],
};

interface Answers {
  readonly document: string;
  readonly mac: string;
  readonly vpc: string;
}

function answerTo({ url = "" }: IncomingMessage, { document, mac, vpc }: Answers): string {
  if (url.endsWith("/token")) return "token";
  if (url.endsWith("/document")) return document;
  return url.endsWith("/mac") ? mac : vpc;
}

async function serve(handle: RequestListener) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
