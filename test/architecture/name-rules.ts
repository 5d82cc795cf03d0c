import type { NameRule } from "./rules.ts";

const tests = "**/*.test.ts";

/** Names of the platform that sources may not use. */
export const nameRules: readonly NameRule[] = [
  {
    from: ["packages/core/src/**"],
    exceptFrom: [tests],
    mustNotUse: ["Date", "performance", "setTimeout", "setInterval", "setImmediate"],
    why: "core takes the time from Clock",
  },
  {
    from: ["packages/core/src/**"],
    exceptFrom: [tests],
    mustNotUse: ["Math.random", "crypto"],
    why: "core takes randomness from Random",
  },
  {
    from: ["packages/core/src/**"],
    exceptFrom: [tests],
    mustNotUse: ["console", "process", "fetch", "require", "eval"],
    why: "core has no effects of its own",
  },
  {
    from: ["packages/core/src/**"],
    exceptFrom: [tests, "packages/core/src/runtime/utf8.ts"],
    mustNotUse: ["globalThis"],
    why: "the platform's text codecs are the one thing that core takes from it",
  },
  {
    from: ["packages/*/src/**"],
    // The probe agent is a child process that answers its parent on standard output.
    exceptFrom: [
      tests,
      "packages/cni-bin/src/client/main.ts",
      "packages/{demo,fake-cloud}/src/**",
      "packages/testkit/src/probe/agent.ts",
    ],
    mustNotUse: ["process.stdout", "console.log", "console.info", "console.debug", "console.table", "console.dir"],
    why: "only a CNI client writes to standard output, and the command lines made for people",
  },
  {
    from: ["packages/{aws-eni,gce-routes,azure}/src/**"],
    exceptFrom: [tests, "**/testing/**", "**/client.ts", "**/metadata.ts"],
    mustNotUse: ["fetch"],
    why: "only client.ts and metadata.ts of an adapter touch the network",
  },
];
