import { type CniCallOptions, type CniContainer, type CniFailure, callPlugin } from "@podwire/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";

let lab: NodeLab;
let closeLab = async () => {};

beforeAll(async () => {
  lab = await openNodeLab();
  closeLab = lab.close;
}, 60_000);
afterAll(() => closeLab());

const valid = { cniVersion: "1.1.0", name: "podnet", type: "podwire" };

interface BadInput {
  readonly what: string;
  readonly call: CniCallOptions;
  readonly code: number;
  /** Parts of the message: the field, and the value where there is one. */
  readonly names: readonly string[];
}

const badInputs: readonly BadInput[] = [
  { what: "standard input that is no JSON", call: { stdin: "pod network" }, code: 6, names: ["standard input"] },
  { what: "truncated JSON", call: { stdin: '{"cniVersion":"1.1.0","name":"pod' }, code: 6, names: ["standard input"] },
  { what: "no input at all", call: { stdin: "" }, code: 6, names: ["standard input"] },
  { what: "a list in place of an object", call: { stdin: "[]" }, code: 6, names: ["standard input"] },
  { what: "bytes that are no UTF-8", call: { stdin: Buffer.from([0x7b, 0xff, 0x7d]) }, code: 6, names: ["UTF-8"] },
  { what: "100,000 brackets", call: { stdin: "[".repeat(100_000) }, code: 6, names: ["standard input"] },
  { what: "more than 4 MiB", call: { stdin: " ".repeat(4 * 1024 * 1024 + 1) }, code: 6, names: ["standard input"] },
  { what: "a CNI version of the future", call: { config: { cniVersion: "9.0.0" } }, code: 1, names: ["9.0.0"] },
  { what: "no network name", call: { config: { name: undefined } }, code: 7, names: ["name"] },
  { what: "a network name with a slash", call: { config: { name: "../etc" } }, code: 7, names: ["name", "../etc"] },
  { what: "a name of the wrong type", call: { config: { name: 7 } }, code: 7, names: ["name 7"] },
  { what: "a static address", call: { config: { runtimeConfig: { ips: ["10.0.0.9"] } } }, code: 2, names: ["ips"] },
  {
    what: "port mappings",
    call: { config: { runtimeConfig: { portMappings: [{ hostPort: 80 }] } } },
    code: 2,
    names: ["portMappings", '"hostPort":80'],
  },
  {
    what: "a prevResult of another version",
    call: { config: { prevResult: { cniVersion: "0.4.0" } } },
    code: 6,
    names: ["prevResult"],
  },
  {
    what: "no CNI_CONTAINERID",
    call: { environment: { CNI_CONTAINERID: undefined } },
    code: 4,
    names: ["CNI_CONTAINERID"],
  },
  {
    what: "no variable at all",
    call: { environment: { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined } },
    code: 4,
    names: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"],
  },
  {
    what: "a path in CNI_CONTAINERID",
    call: { environment: { CNI_CONTAINERID: "../../etc/passwd" } },
    code: 4,
    names: ["CNI_CONTAINERID", "../../etc/passwd"],
  },
  {
    what: "an interface name of 16 characters",
    call: { environment: { CNI_IFNAME: "a".repeat(16) } },
    code: 4,
    names: ["CNI_IFNAME", "a".repeat(16)],
  },
  {
    what: "an interface name with a slash",
    call: { environment: { CNI_IFNAME: "e/0" } },
    code: 4,
    names: ["CNI_IFNAME", "e/0"],
  },
  { what: "a malformed CNI_ARGS", call: { environment: { CNI_ARGS: "K8S_POD_NAME" } }, code: 4, names: ["CNI_ARGS"] },
  {
    what: "a namespace that does not exist",
    call: { environment: { CNI_NETNS: "/run/netns/absent" } },
    code: 8,
    names: ["CNI_NETNS", "/run/netns/absent"],
  },
  {
    what: "a relative path",
    call: { environment: { CNI_NETNS: "netns/p1" } },
    code: 4,
    names: ["CNI_NETNS", "netns/p1"],
  },
];

describe.each(["c", "typescript"] as const)("bad input to ADD through the client in %s", (kind) => {
  let container: CniContainer;
  beforeAll(() => {
    container = lab.container(`bad-${kind}`);
  });

  test.each(badInputs)(
    "$what: a typed error that names the field, and nothing changed",
    async ({ call, code, names }) => {
      const before = await lab.picture(container);
      const outcome = await callPlugin(lab.plugins[kind], "ADD", { container, config: valid, ...call });
      expect(outcome).toMatchObject({ exitCode: 1, answer: { code } });
      const text = `${(outcome.answer as CniFailure).msg}`;
      for (const name of names) expect(text).toContain(name);
      expect(await lab.picture(container)).toBe(before);
    },
  );

  test.each([
    ["is the host's own", () => lab.nodeNetnsPath],
    ["is a file", () => "/proc/self/cmdline"],
    ["is a device", () => "/dev/null"],
    ["is a namespace of another kind", () => "/proc/self/ns/uts"],
  ])("a namespace that %s: code 8 and the path, and nothing changed", async (_what, path) => {
    const netnsPath = path();
    const before = await lab.picture();
    const odd = { podName: "p", containerId: "lab-odd", netnsPath };
    const { answer } = await callPlugin(lab.plugins[kind], "ADD", { container: odd });
    expect(answer).toMatchObject({ code: 8, msg: expect.stringContaining(netnsPath) });
    expect(await lab.picture()).toBe(before);
  });

  test("no CNI_COMMAND, or one that is none: code 4", async () => {
    for (const command of [undefined, "add", "BREAK"]) {
      const call = { environment: { CNI_COMMAND: command } };
      expect((await callPlugin(lab.plugins[kind], "ADD", call)).answer).toMatchObject({ code: 4 });
    }
  });

  test("1 MB of unknown keys is no error", async () => {
    const config = { ...valid, "example.com/padding": "x".repeat(1_000_000) };
    expect(await callPlugin(lab.plugins[kind], "ADD", { container, config })).toMatchObject({ exitCode: 0 });
    expect(await callPlugin(lab.plugins[kind], "DEL", { container, config })).toMatchObject({ exitCode: 0 });
  });

  test("a second ADD for the same key gives the same result and changes nothing", async () => {
    const first = await added(lab.plugins[kind], container);
    const before = await lab.picture(container);
    expect(await added(lab.plugins[kind], container)).toEqual(first);
    expect(await lab.picture(container)).toBe(before);
    expect(await callPlugin(lab.plugins[kind], "DEL", { container })).toMatchObject({ exitCode: 0 });
  });

  test("DEL of the unknown succeeds, prints nothing and changes nothing", async () => {
    const never = { podName: "p", containerId: "never-added", netnsPath: "/run/netns/never" };
    const before = await lab.picture();
    expect(await callPlugin(lab.plugins[kind], "DEL", { container: never })).toMatchObject({
      exitCode: 0,
      answer: undefined,
    });
    expect(await lab.picture()).toBe(before);
  });
});
