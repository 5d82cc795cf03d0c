import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { PodwireError } from "../errors/podwire-error.ts";
import type { Frame } from "../rpc/frame.ts";
import { neverCancelled } from "../runtime/cancel-signal.ts";
import { encodeUtf8 } from "../runtime/utf8.ts";
import { answerCni } from "./answer.ts";
import type { CniResult } from "./result.ts";
import { type CniCall, type CniVerbs, cniVerbs } from "./verbs.ts";
import { supportedVersions } from "./versions.ts";

const made: CniResult = {
  interfaces: [
    { name: "veth1", mac: "02:00:00:00:00:01", mtu: 9001 },
    { name: "eth0", mac: "02:00:00:00:00:02", mtu: 9001, sandbox: "/run/netns/n1" },
  ],
  ips: [{ address: "10.0.0.5/32", interface: 1, gateway: "169.254.1.1" }],
  routes: [{ dst: "0.0.0.0/0", gw: "169.254.1.1" }],
};

const environment = {
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/n1",
  CNI_IFNAME: "eth0",
  CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAME=web;K8S_POD_NAMESPACE=shop",
};
const config = { cniVersion: "1.1.0", name: "pods", type: "podwire" };
const key = { network: "pods", containerId: "c1", ifName: "eth0" };

/** Verbs that write down what they were asked, or fail with what they were given. */
class RecordedVerbs implements CniVerbs {
  readonly calls: { readonly verb: string; readonly request: unknown; readonly call: CniCall }[] = [];
  readonly failure: unknown;

  constructor(failure?: unknown) {
    this.failure = failure;
  }

  async add(request: unknown, call: CniCall) {
    return this.record("add", request, call);
  }

  async del(request: unknown, call: CniCall) {
    this.record("del", request, call);
  }

  async check(request: unknown, call: CniCall) {
    this.record("check", request, call);
  }

  async gc(request: unknown, call: CniCall) {
    this.record("gc", request, call);
  }

  async status(request: unknown, call: CniCall) {
    this.record("status", request, call);
  }

  private record(verb: string, request: unknown, call: CniCall): CniResult {
    this.calls.push({ verb, request, call });
    if (this.failure !== undefined) throw this.failure;
    return made;
  }
}

describe("a valid request", () => {
  const prevResult = { cniVersion: "1.1.0", ips: [{ address: "10.0.0.5/32" }] };
  const { cniVersion: _, ...prevResultRead } = prevResult;
  const dns = { nameservers: ["10.0.0.2"] };
  const pod = { name: "web", namespace: "shop" };
  const netnsPath = "/run/netns/n1";

  it.each([
    ["ADD", { ...config, dns }, "add", { key, netnsPath, pod, dns }],
    ["ADD", config, "add", { key, netnsPath, pod }],
    ["DEL", config, "del", { network: "pods", containerId: "c1", ifName: "eth0" }],
    ["CHECK", { ...config, prevResult }, "check", { key, netnsPath, prevResult: prevResultRead }],
    ["GC", config, "gc", { network: "pods", validAttachments: undefined }],
    ["GC", { ...config, "cni.dev/valid-attachments": [] }, "gc", { network: "pods", validAttachments: [] }],
    ["STATUS", config, "status", { network: "pods" }],
  ])("%s of %j becomes %s", async (verb, document, called, request) => {
    const verbs = new RecordedVerbs();
    const answer = await ask(verbs, { ...environment, CNI_COMMAND: verb }, document);
    expect(answer.ok).toBe(true);
    expect(answer.body === "").toBe(verb !== "ADD");
    expect(verbs.calls).toEqual([expect.objectContaining({ verb: called, request })]);
  });

  it.each(supportedVersions)("ADD answers in version %s when asked in it", async (cniVersion) => {
    const answer = await ask(new RecordedVerbs(), { ...environment, CNI_COMMAND: "ADD" }, { ...config, cniVersion });
    expect(JSON.parse(answer.body)).toMatchObject({ cniVersion });
    expect(answer.body).toContain("10.0.0.5/32");
  });

  it("ADD in a chain answers everything earlier plugins made, then ours", async () => {
    const document = { ...config, prevResult: { interfaces: [{ name: "a" }], "x.y": 1 } };
    const answer = await ask(new RecordedVerbs(), { ...environment, CNI_COMMAND: "ADD" }, document);
    expect(JSON.parse(answer.body)).toEqual({
      cniVersion: "1.1.0",
      ...made,
      interfaces: [{ name: "a" }, ...(made.interfaces ?? [])],
      ips: [{ address: "10.0.0.5/32", interface: 2, gateway: "169.254.1.1" }],
      "x.y": 1,
    });
  });

  it("VERSION is answered without any verb and without any other variable", async () => {
    const verbs = new RecordedVerbs();
    const answer = await ask(verbs, { CNI_COMMAND: "VERSION" }, { cniVersion: "0.4.0" });
    expect(answer.ok).toBe(true);
    expect(JSON.parse(answer.body)).toEqual({ cniVersion: "0.4.0", supportedVersions });
    expect(verbs.calls).toEqual([]);
  });
});

describe("DEL", () => {
  it.each([
    ["nothing", ""],
    ["half an object", "{"],
    ["100,000 brackets", "[".repeat(100_000)],
    ["a zero byte", "\0"],
    ["no name", '{"cniVersion":"99.0.0"}'],
    ["a hostile name", '{"name":"../x"}'],
    ["a malformed prevResult", '{"prevResult":5}'],
  ])("works with %s on standard input", async (_, stdin) => {
    const verbs = new RecordedVerbs();
    const answer = await ask(verbs, { CNI_COMMAND: "DEL", CNI_CONTAINERID: "c1", CNI_IFNAME: "eth0" }, stdin);
    expect(answer).toEqual({ ok: true, body: "" });
    expect(verbs.calls[0]?.request).toEqual({ network: undefined, containerId: "c1", ifName: "eth0" });
  });

  it("knows the network of a configuration in a version podwire does not speak", async () => {
    const verbs = new RecordedVerbs();
    await ask(verbs, { ...environment, CNI_COMMAND: "DEL" }, { ...config, cniVersion: "99.0.0" });
    expect(verbs.calls[0]?.request).toMatchObject({ network: "pods" });
  });
});

describe("a refused request", () => {
  it.each([
    ["CHECK without a prevResult", "CHECK", config, {}, 7],
    ["CHECK before it existed", "CHECK", { ...config, cniVersion: "0.3.1" }, {}, 1],
    ["GC before it existed", "GC", { ...config, cniVersion: "1.0.0" }, {}, 1],
    ["STATUS before it existed", "STATUS", { ...config, cniVersion: "0.4.0" }, {}, 1],
    ["an unknown version", "ADD", { ...config, cniVersion: "9.0.0" }, {}, 1],
    ["an address of the runtime's choice", "ADD", config, { CNI_ARGS: "IP=10.0.0.9" }, 2],
    ["a port mapping", "ADD", { ...config, runtimeConfig: { portMappings: [{ hostPort: 80 }] } }, {}, 2],
    ["no verb", "", config, {}, 4],
    ["an unknown verb", "UPDATE", config, {}, 4],
    ["a hostile container id", "ADD", config, { CNI_CONTAINERID: "../../etc/passwd" }, 4],
    ["a hostile container id in DEL", "DEL", config, { CNI_CONTAINERID: "../../etc/passwd" }, 4],
    ["a long interface name", "ADD", config, { CNI_IFNAME: "x".repeat(16) }, 4],
    ["malformed CNI_ARGS", "ADD", config, { CNI_ARGS: "x" }, 4],
    ["no JSON", "ADD", "{", {}, 6],
    ["a prevResult of another version", "ADD", { ...config, prevResult: { cniVersion: "1.0.0" } }, {}, 6],
    ["no name", "ADD", { cniVersion: "1.1.0" }, {}, 7],
    ["a key that is too long", "ADD", { ...config, name: "n".repeat(195) }, {}, 7],
    ["a malformed list of valid attachments", "GC", { ...config, "cni.dev/valid-attachments": [{}] }, {}, 7],
  ])("for %s reaches no verb", async (_, verb, document, change, code) => {
    const verbs = new RecordedVerbs();
    const answer = await ask(verbs, { ...environment, ...change, CNI_COMMAND: verb }, document);
    expect(answer).toMatchObject({ ok: false, error: { cniCode: code } });
    expect(JSON.parse(answer.body)).toMatchObject({ code, msg: expect.any(String) });
    expect(verbs.calls).toEqual([]);
  });

  it.each([
    ["of the configuration", { ...config, cniVersion: "0.4.0" }, "0.4.0"],
    ["of a truncated configuration", '{"cniVersion":"0.3.1","na', "0.3.1"],
    ["of podwire where none is readable", "nonsense", "1.1.0"],
  ])("answers in the version %s", async (_, document, cniVersion) => {
    const answer = await ask(new RecordedVerbs(), { CNI_COMMAND: "ADD" }, document);
    expect(JSON.parse(answer.body)).toMatchObject({ cniVersion, code: 4 });
  });

  it("for a bad environment is told before a bad configuration", async () => {
    const answer = await ask(new RecordedVerbs(), { CNI_COMMAND: "ADD" }, "{");
    expect(JSON.parse(answer.body).code).toBe(4);
  });
});

describe("a verb that fails", () => {
  it("answers its own error", async () => {
    const failure = new PodwireError("POOL_GROWING", "pool default has no free address", { details: "3 incoming" });
    const answer = await ask(new RecordedVerbs(failure), { ...environment, CNI_COMMAND: "ADD" }, config);
    expect(answer.ok).toBe(false);
    expect(answer.error).toBe(failure);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 11, msg: failure.message });
  });

  it.each([
    ["a TypeError", new TypeError("x is undefined")],
    ["a text", "a text"],
    ["null", null],
    ["what is no error at all", { toString: undefined }],
  ])("with %s answers INTERNAL", async (_, failure) => {
    const answer = await ask(new RecordedVerbs(failure), { ...environment, CNI_COMMAND: "STATUS" }, config);
    expect(answer).toMatchObject({ ok: false, error: { code: "INTERNAL" } });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 999 });
  });
});

describe("the deadline", () => {
  it.each([
    ["is a margin before the client's own", { deadlineMs: 30_000, madeMs: 5_000 }, 34_000],
    ["is at least two seconds, less the margin", { deadlineMs: 0, madeMs: 5_000 }, 6_000],
    ["is at most five minutes, less the margin", { deadlineMs: 2 ** 40, madeMs: 5_000 }, 304_000],
    ["does not trust a client from the future", { deadlineMs: 30_000, madeMs: 2 ** 40 }, 35_000],
    ["may be over", { deadlineMs: 2_000, madeMs: 0 }, 1_000],
  ])("%s", async (_, times, deadlineMs) => {
    const verbs = new RecordedVerbs();
    const frame = { ...frameOf({ ...environment, CNI_COMMAND: "STATUS" }, config), ...times };
    await answerCni(frame, verbs, { nowMs: 6_000, signal: neverCancelled });
    expect(verbs.calls[0]?.call).toEqual({ deadlineMs, signal: neverCancelled });
  });
});

describe("a spooled request", () => {
  const spooled = { nowMs: 900_000, signal: neverCancelled, spooled: true };

  it("tells DEL when it was made and gets a deadline of its own", async () => {
    const verbs = new RecordedVerbs();
    const frame = { ...frameOf({ ...environment, CNI_COMMAND: "DEL" }, config), madeMs: 77 };
    expect(await answerCni(frame, verbs, spooled)).toEqual({ ok: true, body: "" });
    expect(verbs.calls[0]?.request).toEqual({ network: "pods", containerId: "c1", ifName: "eth0", madeMs: 77 });
    expect(verbs.calls[0]?.call.deadlineMs).toBe(929_000);
  });

  it.each(cniVerbs.filter((verb) => verb !== "DEL"))("cannot be %s", async (verb) => {
    const verbs = new RecordedVerbs();
    const answer = await answerCni(frameOf({ ...environment, CNI_COMMAND: verb }, config), verbs, spooled);
    expect(answer).toMatchObject({ ok: false, error: { code: "INVALID_ENVIRONMENT", field: "CNI_COMMAND" } });
    expect(verbs.calls).toEqual([]);
  });
});

test("whatever comes in, the answer is a result, nothing, or a CNI error object", async () => {
  const variables = fc.dictionary(
    fc.constantFrom("CNI_COMMAND", ...Object.keys(environment)),
    fc.oneof(fc.constantFrom(...cniVerbs, "c1", "eth0", "/n"), fc.string({ unit: "binary" })),
  );
  const keys = fc.constantFrom("cniVersion", "name", "prevResult", "runtimeConfig", "args");
  const document = fc
    .dictionary(keys, fc.jsonValue())
    .map((change) => encodeUtf8(JSON.stringify({ ...config, ...change })));
  await fc.assert(
    fc.asyncProperty(
      variables,
      fc.oneof(fc.uint8Array(), document),
      fc.boolean(),
      async (variables, stdin, spooled) => {
        const frame = { deadlineMs: 1, madeMs: 1, environment: new Map(Object.entries(variables)), stdin };
        const answer = await answerCni(frame, new RecordedVerbs(), { nowMs: 1, signal: neverCancelled, spooled });
        const said = answer.body === "" ? undefined : JSON.parse(answer.body);
        if (answer.ok) expect(said?.code).toBeUndefined();
        else expect([typeof said.cniVersion, typeof said.code]).toEqual(["string", "number"]);
        expect(answer.error?.code).not.toBe("INTERNAL");
      },
    ),
    { numRuns: 500 },
  );
});

function ask(verbs: CniVerbs, variables: Readonly<Record<string, string>>, document: object | string) {
  return answerCni(frameOf(variables, document), verbs, { nowMs: 1_000, signal: neverCancelled });
}

function frameOf(variables: Readonly<Record<string, string>>, document: object | string): Frame {
  const stdin = encodeUtf8(typeof document === "string" ? document : JSON.stringify(document));
  return { deadlineMs: 30_000, madeMs: 500, environment: new Map(Object.entries(variables)), stdin };
}
