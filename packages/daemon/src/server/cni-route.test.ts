import {
  type CniCall,
  type CniVerbs,
  encodeFrame,
  neverCancelled,
  PodwireError,
  protocol,
  silentLogger,
} from "@podwire/core";
import { VirtualClock } from "@podwire/testkit";
import { expect, test } from "vitest";
import { createPrometheusMetrics } from "../runtime/prometheus-metrics.ts";
import { cniRoute } from "./cni-route.ts";

const config = '{"cniVersion":"1.0.0","name":"podnet","type":"podwire"}';
const environment = { CNI_CONTAINERID: "c1", CNI_IFNAME: "eth0", CNI_NETNS: "/run/netns/p" };

/** Verbs that succeed, unless a test says otherwise. */
const verbs: CniVerbs = {
  add: async () => ({ ips: [{ address: "10.0.8.17/32" }] }),
  del: async () => {},
  check: async () => {},
  gc: async () => {},
  status: async () => {},
};

function setUp(changed: Partial<CniVerbs> = {}) {
  const clock = new VirtualClock({ bootMs: 50_000 });
  const metrics = createPrometheusMetrics();
  const events: string[] = [];
  const log = {
    ...silentLogger,
    info: (event: string) => void events.push(event),
    warn: (event: string) => void events.push(event),
  };
  const route = cniRoute({ verbs: { ...verbs, ...changed }, clock, log, metrics });
  const ask = (variables: Readonly<Record<string, string>>, signal = neverCancelled) => {
    const frame = { deadlineMs: 10_000, madeMs: 49_000, environment: new Map(Object.entries(variables)) };
    return route.respond({ body: encodeFrame({ ...frame, stdin: Buffer.from(config) }), signal });
  };
  return { route, ask, clock, metrics, events };
}

test("takes frames as large as the protocol allows, on the protocol's path", () => {
  expect(setUp().route).toMatchObject({ method: "POST", path: "/v1/cni", maxBodyBytes: protocol.maxFrameBytes });
});

test("a success is what goes to standard output", async () => {
  const { ask } = setUp();
  const reply = await ask({ ...environment, CNI_COMMAND: "ADD" });
  expect(reply).toMatchObject({ status: 200, mediaType: "application/json" });
  expect(JSON.parse(reply.body)).toEqual({ cniVersion: "1.0.0", ips: [{ address: "10.0.8.17/32" }] });
  expect(await ask({ ...environment, CNI_COMMAND: "DEL" })).toMatchObject({ status: 200, body: "" });
});

test("a failure is a CNI error object", async () => {
  const { ask } = setUp({
    add: async () => {
      throw new PodwireError("POOL_GROWING", "pool default has no free address");
    },
  });
  const reply = await ask({ ...environment, CNI_COMMAND: "ADD" });
  expect(reply.status).toBe(422);
  expect(JSON.parse(reply.body)).toMatchObject({
    cniVersion: "1.0.0",
    code: 11,
    msg: "pool default has no free address",
  });
});

test("a body that is no frame is a decoding failure", async () => {
  const { route } = setUp();
  const reply = await route.respond({ body: Buffer.from("GET / HTTP/1.1"), signal: neverCancelled });
  expect(reply.status).toBe(422);
  expect(JSON.parse(reply.body)).toMatchObject({ cniVersion: "1.1.0", code: 6 });
});

test("a verb learns its deadline and whether anybody still waits", async () => {
  const calls: CniCall[] = [];
  const { ask } = setUp({ del: async (_request, call) => void calls.push(call) });
  const { signal } = new AbortController();
  await ask({ ...environment, CNI_COMMAND: "DEL" }, signal);
  expect(calls).toEqual([{ deadlineMs: 58_000, signal }]);
});

test("every request is counted with its time, its verb and what became of it", async () => {
  const { ask, clock, metrics, events } = setUp({
    del: async () => {
      await clock.advance(250);
      throw new PodwireError("KERNEL_REFUSED", "delete link failed");
    },
  });
  await ask({ ...environment, CNI_COMMAND: "ADD" });
  await ask({ ...environment, CNI_COMMAND: "DEL" });
  await ask({ ...environment, CNI_COMMAND: "EVIL{}" });
  const text = await metrics.expose();
  expect(text).toContain('podwire_cni_request_seconds_count{verb="ADD",outcome="ok"} 1');
  expect(text).toContain('podwire_cni_request_seconds_sum{verb="DEL",outcome="KERNEL_REFUSED"} 0.25');
  expect(text).toContain('podwire_cni_request_seconds_count{verb="unknown",outcome="INVALID_ENVIRONMENT"} 1');
  expect(events).toEqual(["CNI request done", "CNI request failed", "CNI request failed"]);
});
