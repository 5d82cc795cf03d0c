import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isPodwireError } from "../errors/podwire-error.ts";
import { parseEnvironment } from "./environment.ts";
import { cniVerbs } from "./verbs.ts";

const complete = {
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/n1",
  CNI_IFNAME: "eth0",
  CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAME=web",
  CNI_PATH: "/opt/cni/bin",
};

test.each([
  ["ADD", { containerId: "c1", ifName: "eth0", netnsPath: "/run/netns/n1", pod: { name: "web" } }],
  ["CHECK", { containerId: "c1", ifName: "eth0", netnsPath: "/run/netns/n1" }],
  ["DEL", { containerId: "c1", ifName: "eth0" }],
  ["GC", {}],
  ["STATUS", {}],
  ["VERSION", {}],
])("%s takes what it needs and nothing else", (verb, taken) => {
  expect(parse({ ...complete, CNI_COMMAND: verb })).toEqual({ verb, ...taken });
});

describe("a missing variable", () => {
  it.each([
    ["ADD", "CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME"],
    ["CHECK", "CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME"],
    ["DEL", "CNI_CONTAINERID, CNI_IFNAME"],
  ])("of %s is named with all others", (verb, names) => {
    const message = `${verb} needs environment variables that are missing: ${names}`;
    expect(refusal({ CNI_COMMAND: verb })).toMatchObject({ code: "INVALID_ENVIRONMENT", message });
    const empty = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };
    expect(refusal({ CNI_COMMAND: verb, ...empty })).toMatchObject({ code: "INVALID_ENVIRONMENT", message });
  });

  it.each(["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"])("%s alone is named alone", (name) => {
    const { [name as "CNI_IFNAME"]: _, ...rest } = complete;
    expect(refusal({ ...rest, CNI_COMMAND: "ADD" }).message).toBe(
      `ADD needs environment variables that are missing: ${name}`,
    );
  });

  it("CNI_COMMAND is named", () => {
    expect(refusal(complete)).toMatchObject({ code: "INVALID_ENVIRONMENT", field: "CNI_COMMAND" });
    expect(refusal(complete).message).toContain("CNI_COMMAND is missing");
  });

  it.each(["GC", "STATUS", "VERSION"])("does not disturb %s", (verb) => {
    expect(parse({ CNI_COMMAND: verb })).toEqual({ verb });
  });
});

test.each([
  ["CNI_COMMAND", "small letters", "add"],
  ["CNI_COMMAND", "an unknown verb", "UPDATE"],
  ["CNI_CONTAINERID", "a leading dash", "-rf"],
  ["CNI_CONTAINERID", "a way upwards", "../../etc"],
  ["CNI_CONTAINERID", "a blank", "a b"],
  ["CNI_CONTAINERID", "other letters", "ünï"],
  ["CNI_CONTAINERID", "too many letters", "a".repeat(201)],
  ["CNI_IFNAME", "16 letters", "x".repeat(16)],
  ["CNI_IFNAME", "two dots", ".."],
  ["CNI_IFNAME", "a slash", "a/b"],
  ["CNI_IFNAME", "a colon", "a:b"],
  ["CNI_IFNAME", "a blank", "a b"],
  ["CNI_NETNS", "a relative path", "run/netns/n1"],
  ["CNI_NETNS", "a way upwards", "/run/netns/../../proc/1/ns/net"],
  ["CNI_NETNS", "a way upwards at the end", "/run/netns/.."],
  ["CNI_NETNS", "a line feed", "/run/netns/a\nb"],
  ["CNI_NETNS", "4096 letters", `/${"a".repeat(4095)}`],
])("%s with %s is refused by name and value", (field, _, value) => {
  const error = refusal({ ...complete, CNI_COMMAND: "ADD", [field]: value });
  expect(error).toMatchObject({ code: "INVALID_ENVIRONMENT", cniCode: 4, field });
  expect(error.message).toContain(`${field} ${error.value}`);
});

test.each(["/run/netns/n..1", "/proc/123/ns/net", "/var/run/netns/cni-0a1b"])("CNI_NETNS %s is fine", (path) => {
  expect(parse({ ...complete, CNI_COMMAND: "ADD", CNI_NETNS: path })).toMatchObject({ netnsPath: path });
});

test.each([{}, { CNI_NETNS: "" }, { CNI_NETNS: "nonsense" }, { CNI_NETNS: "/a/../b", CNI_ARGS: "nonsense" }])(
  "DEL does not mind %j",
  (variables) => {
    const { CNI_NETNS: _, CNI_ARGS: __, ...rest } = complete;
    expect(parse({ ...rest, ...variables, CNI_COMMAND: "DEL" })).toEqual({
      verb: "DEL",
      containerId: "c1",
      ifName: "eth0",
    });
  },
);

test("whatever the variables hold, they are read or refused with a code of their own", () => {
  const variables = fc.record(
    {
      CNI_COMMAND: fc.oneof(fc.constantFrom(...cniVerbs), fc.string()),
      CNI_CONTAINERID: fc.string({ unit: "binary" }),
      CNI_NETNS: fc.oneof(fc.webPath(), fc.string({ unit: "binary" })),
      CNI_IFNAME: fc.string({ unit: "binary", maxLength: 17 }),
      CNI_ARGS: fc.string({ unit: fc.constantFrom(..."K=;1I") }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(variables, (environment) => {
      const outcome = attempt(environment);
      const code = isPodwireError(outcome) ? outcome.code : "read";
      expect(["read", "INVALID_ENVIRONMENT", "UNSUPPORTED_FIELD"]).toContain(code);
      if (code === "read") expect(outcome).toHaveProperty("verb");
    }),
    { numRuns: 500 },
  );
});

function parse(variables: Readonly<Record<string, string>>) {
  return parseEnvironment(new Map(Object.entries(variables)));
}

function attempt(variables: Readonly<Record<string, string>>): unknown {
  try {
    return parse(variables);
  } catch (thrown) {
    return thrown;
  }
}

function refusal(variables: Readonly<Record<string, string>>) {
  const outcome = attempt(variables);
  if (isPodwireError(outcome)) return outcome;
  throw new Error(`not refused: ${JSON.stringify(outcome)}`);
}
