import { describe, expect, it, test } from "vitest";
import { valueAt } from "../errors/schema-issue.ts";
import { configJsonSchema } from "./json-schema.ts";
import { applyOverrides, overrideName } from "./overrides.ts";
import { parseConfig } from "./parse-config.ts";

test.each([
  ["PODWIRE_CLOUD", "aws", ["cloud"], "aws"],
  ["PODWIRE_LOG_LEVEL", "debug", ["log", "level"], "debug"],
  ["PODWIRE_POOLS_DEFAULT_WARM", "3", ["pools", "default", "warm"], 3],
  ["PODWIRE_POOLS_DEFAULT_COOLDOWN_MS", "0", ["pools", "default", "cooldownMs"], 0],
  ["PODWIRE_POOLS_GPU_NODES_WARM", "3", ["pools", "gpu_nodes", "warm"], 3],
  ["PODWIRE_NETWORKS_PODS", "default", ["networks", "pods"], "default"],
  ["PODWIRE_RUN_DIRECTORY", "/run/x", ["runDirectory"], "/run/x"],
  ["PODWIRE_FAMILIES", "4, 6", ["families"], [4, 6]],
  ["PODWIRE_EGRESS_EXCLUDED_CIDRS", "10.8.0.0/16", ["egress", "excludedCidrs"], ["10.8.0.0/16"]],
  ["PODWIRE_EGRESS_EXCLUDED_CIDRS", "", ["egress", "excludedCidrs"], []],
  ["PODWIRE_EGRESS_POD_METADATA_ACCESS", "true", ["egress", "podMetadataAccess"], true],
  ["PODWIRE_RECONCILE_INTERVAL_MS", "-5", ["reconcile", "intervalMs"], -5],
])("%s=%s sets its key, in an empty file too", (name, text, path, value) => {
  expect(valueAt(applyOverrides(null, { [name]: text }), path)).toEqual(value);
  expect(valueAt(applyOverrides({ cluster: "c", pools: { a: { warm: 1 } } }, { [name]: text }), path)).toEqual(value);
});

describe("the file", () => {
  it("is not changed, and keeps what no variable names", () => {
    const file = { cloud: "aws", log: { level: "warn" }, pools: { default: { warm: 1, minimum: 2 } } };
    const before = structuredClone(file);
    expect(applyOverrides(file, { PODWIRE_POOLS_DEFAULT_WARM: "9" })).toEqual({
      ...file,
      pools: { default: { warm: 9, minimum: 2 } },
    });
    expect(file).toEqual(before);
  });

  it("gives free names their spelling", () => {
    const file = { pools: { "gpu-Nodes": {} }, networks: { "net.1": "a" } };
    const environment = { PODWIRE_POOLS_GPU_NODES_WARM: "3", PODWIRE_NETWORKS_NET_1: "b" };
    expect(applyOverrides(file, environment)).toEqual({
      pools: { "gpu-Nodes": { warm: 3 } },
      networks: { "net.1": "b" },
    });
  });

  it.each([5, "text", [1]])("that is %j is left for the check of the whole", (file) => {
    const overridden = applyOverrides(file, { PODWIRE_LOG_LEVEL: "warn" });
    expect(() => parseConfig(overridden)).toThrow(expect.objectContaining({ code: "INVALID_DAEMON_CONFIG" }));
  });

  it("with a wrong value on the way keeps it for the check of the whole", () => {
    expect(applyOverrides({ log: 5 }, { PODWIRE_LOG_LEVEL: "warn" })).toEqual({ log: 5 });
  });
});

test("other programs' variables and those of the client are nobody's key", () => {
  const environment = {
    HOME: "/",
    PODWIREX: "1",
    PODWIRE_CONFIG: "/c",
    PODWIRE_RUN_DIR: "/r",
    PODWIRE_DEADLINE_MS: "1",
  };
  expect(applyOverrides({ cloud: "aws" }, environment)).toEqual({ cloud: "aws" });
});

test.each([
  ["PODWIRE_LOG_LEVL", "x", "unknown environment variable PODWIRE_LOG_LEVL; did you mean PODWIRE_LOG_LEVEL?"],
  ["PODWIRE_RUNDIR", "x", "unknown environment variable PODWIRE_RUNDIR; did you mean PODWIRE_RUN_DIR?"],
  ["PODWIRE_LOG", "x", "unknown environment variable PODWIRE_LOG"],
  ["PODWIRE_POOLS", "x", "unknown environment variable PODWIRE_POOLS"],
  ["PODWIRE_POOLS_DEFAULT", "x", "unknown environment variable PODWIRE_POOLS_DEFAULT"],
  ["PODWIRE_", "x", "unknown environment variable PODWIRE_"],
  ["PODWIRE_NETWORKS_", "x", "unknown environment variable PODWIRE_NETWORKS_"],
  ["PODWIRE_KUBERNETES", "x", "unknown environment variable PODWIRE_KUBERNETES"],
  [
    "PODWIRE_POOLS_DEFAULT_WARM",
    "many",
    'PODWIRE_POOLS_DEFAULT_WARM "many": pools.default.warm expects a whole number',
  ],
  ["PODWIRE_POOLS_DEFAULT_WARM", "", 'PODWIRE_POOLS_DEFAULT_WARM "": pools.default.warm expects a whole number'],
  ["PODWIRE_FAMILIES", "4,six", 'PODWIRE_FAMILIES "six": families expects a whole number'],
  [
    "PODWIRE_EGRESS_POD_METADATA_ACCESS",
    "yes",
    'PODWIRE_EGRESS_POD_METADATA_ACCESS "yes": egress.podMetadataAccess expects true or false',
  ],
])("%s=%s is refused", (name, text, message) => {
  const expected = expect.objectContaining({
    code: "INVALID_DAEMON_CONFIG",
    message: expect.stringMatching(new RegExp(`^${RegExp.escape(message)}`)),
  });
  expect(() => applyOverrides({}, { [name]: text })).toThrow(expected);
});

test("every single value of the schema has a variable that reaches it, and no two share one", () => {
  const paths = leafPaths(configJsonSchema(), []);
  expect(new Set(paths.map(overrideName)).size).toBe(paths.length);
  for (const path of paths) {
    const overridden = applyOverrides({}, { [overrideName(path)]: textFor(path) });
    expect(valueAt(overridden, path), path.join(".")).toBeDefined();
  }
});

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean | Node;
}

function leafPaths(node: Node, path: readonly string[]): (readonly string[])[] {
  if (node.type !== "object") return [path];
  const free = typeof node.additionalProperties === "object" ? { default: node.additionalProperties } : {};
  return Object.entries({ ...node.properties, ...free }).flatMap(([key, child]) => leafPaths(child, [...path, key]));
}

/** A text of the type that the key's place in the defaults has. */
function textFor(path: readonly string[]): string {
  const preset = valueAt(parseConfig({ cloud: "aws", pools: { default: { maximum: 9 } } }), path);
  return typeof preset === "boolean" ? "true" : "4";
}
