import { describe, expect, it, test } from "vitest";
import { isPodwireError } from "../errors/podwire-error.ts";
import { parseConfig } from "./parse-config.ts";

const defaults = {
  cloud: "aws",
  cluster: "default",
  runDirectory: "/run/podwire",
  datapath: "veth",
  families: [4],
  pools: {
    default: {
      warm: 8,
      warmPrefixes: 0,
      warmInterfaces: 0,
      minimum: 0,
      prefixes: false,
      subnetTags: {},
      securityGroupIds: [],
      cooldownMs: 30_000,
      releaseHoldMs: 180_000,
    },
  },
  networks: {},
  egress: { nat: "node", excludedCidrs: [], podMetadataAccess: false },
  reconcile: { intervalMs: 60_000, sweepIntervalMs: 300_000, callTimeoutMs: 30_000 },
  metrics: {},
  log: { level: "info" },
};

test("only the cloud must be named", () => {
  expect(parseConfig({ cloud: "aws" })).toEqual(defaults);
});

test("what is given stays, what is not gets its default", () => {
  const config = parseConfig({
    cloud: "aws",
    families: [6, 4],
    pools: { default: { warm: 2, maximum: 10 } },
    networks: { "gpu-net": "default" },
    egress: { excludedCidrs: ["10.8.0.0/16", "fd00:8::/32"] },
    metrics: { listen: "[::1]:9808" },
  });
  expect(config).toEqual({
    ...defaults,
    families: [6, 4],
    pools: { default: { ...defaults.pools.default, warm: 2, maximum: 10 } },
    networks: { "gpu-net": "default" },
    egress: { ...defaults.egress, excludedCidrs: ["10.8.0.0/16", "fd00:8::/32"] },
    metrics: { listen: "[::1]:9808" },
  });
});

test("a configuration cannot be changed any more, nor can the next one's defaults through it", () => {
  const config = parseConfig({ cloud: "aws" });
  for (const part of [config, config.pools, config.pools["default"], config.egress.excludedCidrs, config.families]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  expect(parseConfig({ cloud: "aws" })).toEqual(defaults);
});

test("targets may reach the maximum", () => {
  const pools = { default: { warm: 5, minimum: 5, maximum: 5 } };
  expect(parseConfig({ cloud: "aws", pools }).pools["default"]).toMatchObject(pools.default);
});

describe("a problem is told by path and value:", () => {
  it.each([
    ["an empty file", null, 'cloud is missing: expected "aws"'],
    ["a list", [], "the configuration []: expected object, received array"],
    ["an unknown cloud", { cloud: "gce" }, 'cloud "gce": expected "aws"'],
    ["a wrong type", { log: "debug" }, 'log "debug": expected object, received string'],
    [
      "a number out of bounds",
      { pools: { default: { warm: -1 } } },
      "pools.default.warm -1: expected number to be >=0",
    ],
    [
      "a number too large",
      { pools: { default: { warm: 1e6 } } },
      "pools.default.warm 1000000: expected number to be <=100000",
    ],
    ["a fraction", { pools: { default: { warm: 1.5 } } }, "pools.default.warm 1.5: expected int, received number"],
    [
      "a number as text",
      { pools: { default: { warm: "8" } } },
      'pools.default.warm "8": expected number, received string',
    ],
    ["an unknown level", { log: { level: "loud" } }, 'log.level "loud": expected one of "debug"|"info"|"warn"|"error"'],
    ["an unknown family", { families: [4, 5] }, "families[1] 5: expected one of 4|6"],
    ["no family", { families: [] }, "families []: expected array to have >=1 items"],
    ["a family twice", { families: [4, 4] }, "families [4,4]: expected each family once"],
    [
      "host bits",
      { egress: { excludedCidrs: ["10.0.0.1/8"] } },
      'egress.excludedCidrs[0] "10.0.0.1/8": expected a CIDR',
    ],
    ["a relative directory", { runDirectory: "run" }, 'runDirectory "run": expected an absolute path'],
    ["a directory upwards", { runDirectory: "/run/../etc" }, 'runDirectory "/run/../etc": expected an absolute path'],
    ["a long directory", { runDirectory: `/${"a".repeat(64)}` }, "expected string to have <=64 characters"],
    [
      "a public listener",
      { metrics: { listen: "0.0.0.0:9808" } },
      'metrics.listen "0.0.0.0:9808": expected a loopback',
    ],
    ["port 0", { metrics: { listen: "127.0.0.1:0" } }, 'metrics.listen "127.0.0.1:0": expected a port of 1 to 65535'],
    ["port 65536", { metrics: { listen: "[::1]:65536" } }, 'metrics.listen "[::1]:65536": expected a port'],
    [
      "a security group that is none",
      { pools: { default: { securityGroupIds: ["sg 1"] } } },
      'pools.default.securityGroupIds[0] "sg 1": expected the id of a security group',
    ],
    [
      "a network of an unknown pool",
      { pools: { default: {}, gpu: {} }, networks: { fast: "cpu" } },
      'networks.fast "cpu": expected one of default, gpu',
    ],
    ["no default pool", { pools: { a: {} } }, "pools.default is missing: expected a pool"],
    [
      "warm above maximum",
      { pools: { default: { warm: 5, maximum: 2 } } },
      "pools.default.warm 5: expected at most maximum (2)",
    ],
    [
      "minimum above maximum",
      { pools: { default: { warm: 0, minimum: 3, maximum: 2 } } },
      "pools.default.minimum 3: expected at most",
    ],
    ["a pool's default warm above its maximum", { pools: { default: { maximum: 2 } } }, "pools.default.warm"],
    ["a network without its pool", { networks: { a: "gpu" } }, 'networks.a "gpu": expected one of default'],
    ["a pool's name", { pools: { default: {}, "a b": {} } }, 'pools["a b"] has a wrong name: expected letters'],
    [
      "a network's name",
      { networks: { "../x": "default" } },
      'networks["../x"] has a wrong name: expected the name of a CNI',
    ],
  ])("%s", (_, change, problem) => {
    const input = change === null || Array.isArray(change) ? change : { cloud: "aws", ...change };
    expect(refusal(input)).toContain(problem);
  });
});

describe("an unknown key names the nearest one:", () => {
  it.each([
    [{ logs: {} }, "unknown key logs; did you mean log?"],
    [{ log: { lvl: "info" } }, "unknown key log.lvl; did you mean log.level?"],
    [
      { pools: { default: { cooldownms: 1 } } },
      "unknown key pools.default.cooldownms; did you mean pools.default.cooldownMs?",
    ],
    [{ egress: { excludeCidrs: [] } }, "unknown key egress.excludeCidrs; did you mean egress.excludedCidrs?"],
    [{ kubernetes: {} }, "unknown key kubernetes"],
    [{ log: { "a\u001b[2J": 1 } }, 'unknown key log["a\\u001b[2J"]'],
  ])("%j", (change, problem) => {
    expect(refusal({ cloud: "aws", ...change }).split("; and ")[0]).toBe(problem);
  });

  it("a key __proto__ of the file too", () => {
    expect(refusal(JSON.parse('{"cloud":"aws","__proto__":{"a":1}}'))).toBe("unknown key __proto__");
  });
});

test("several problems are listed together, but not without end", () => {
  const unknown = Object.fromEntries(Array.from({ length: 14 }, (_, index) => [`unknown-key-${index}`, 1]));
  const problems = refusal({ ...unknown, log: { level: 5 } }).split("; ");
  expect(problems).toHaveLength(11);
  expect(problems[0]).toContain("cloud is missing");
  expect(problems[1]).toContain("log.level 5");
  expect(problems.at(-1)).toBe("and 6 more");
});

function refusal(input: unknown): string {
  try {
    parseConfig(input);
  } catch (thrown) {
    if (isPodwireError(thrown, "INVALID_DAEMON_CONFIG")) return thrown.message;
    throw thrown;
  }
  throw new Error("not refused");
}
