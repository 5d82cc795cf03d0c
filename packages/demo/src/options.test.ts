import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.ts";

describe("the demo's options", () => {
  it.each([
    [[], { pods: 6, keep: false }],
    [["--pods", "8", "--keep", "--json", "out.json"], { pods: 8, keep: true, jsonFile: "out.json" }],
    [["--help"], "help"],
  ])("%j are understood", (argv, options) => {
    expect(parseOptions(argv)).toEqual(options);
  });

  it.each([
    [["--pods", "0"], `--pods takes 1 to 8, not "0"`],
    [["--pods", "9"], `--pods takes 1 to 8, not "9"`],
    [["--pods", "3e0"], `--pods takes 1 to 8, not "3e0"`],
    [["--pods=-1"], `--pods takes 1 to 8, not "-1"`],
    [["--frobnicate"], "--frobnicate"],
    [["stray"], "stray"],
  ])("%j are refused with the reason", (argv, reason) => {
    expect(parseOptions(argv)).toEqual({ problem: expect.stringContaining(reason) });
  });
});
