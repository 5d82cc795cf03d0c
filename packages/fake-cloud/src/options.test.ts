import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test("a cloud and a scenario are enough", () => {
  expect(parseOptions(["aws", "--scenario", "s.json"])).toEqual({
    cloud: "aws",
    scenario: "s.json",
    listen: { host: "127.0.0.1", port: 0 },
    seed: 1,
  });
});

test("every option is taken, in any order", () => {
  const words = [
    "--scenario=s",
    "--listen",
    "[::1]:4566",
    "aws",
    "--metadata-listen=h:80",
    "--instance=i-1",
    "--seed=7",
  ];
  expect(parseOptions(words)).toEqual({
    cloud: "aws",
    scenario: "s",
    listen: { host: "::1", port: 4566 },
    metadataListen: { host: "h", port: 80 },
    instance: "i-1",
    seed: 7,
  });
});

test("help is asked for, also beside what is missing", () => {
  expect(parseOptions(["--help"])).toBe("help");
});

test.each([
  { words: ["--scenario=s"], problem: "no cloud" },
  { words: ["gce", "--scenario=s"], problem: "unknown cloud gce" },
  { words: ["aws", "gce", "--scenario=s"], problem: "unexpected gce" },
  { words: ["aws"], problem: "--scenario" },
  { words: ["aws", "--scenario=s", "--seed=x"], problem: "--seed" },
  { words: ["aws", "--scenario=s", "--instance=i-1"], problem: "--metadata-listen" },
  { words: ["aws", "--scenario=s", "--listen=4566"], problem: "--listen" },
  { words: ["aws", "--scenario=s", "--listen=127.0.0.1:65536"], problem: "127.0.0.1:65536" },
  { words: ["aws", "--scenario=s", "--listen=::1:80"], problem: "--listen" },
  { words: ["aws", "--scenario=s", "--port=80"], problem: "--port" },
])("$words is refused by name", ({ words, problem }) => {
  expect(parseOptions(words)).toEqual({ problem: expect.stringContaining(problem) });
});
