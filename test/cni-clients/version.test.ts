import { answerVersion } from "@podwire/core/cni";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { clients, removeClients, runClient } from "./client-under-test.ts";

afterAll(removeClients);

const inputs: readonly string[] = [
  '{"cniVersion":"1.0.0"}',
  '{"cniVersion":"0.4.0","name":"x"}',
  ' {\r\n\t"name" : "cniVersion" , "cniVersion"\t:\n"9999.0.12" }',
  '{"plugins":[{"cniVersion":"0.1.0"}],"cniVersion":"0.2.0"}',
  '\ufeff{"cniVersion":"1.1.0"}',
  '{"cniVersion":"1.1"}',
  '{"cniVersion":"1.1.0-rc1"}',
  '{"cniVersion":"10000.1.1"}',
  '{"cniVersion":"","cniVersion":"1.0.0"}',
  '{"a\\"b":1,"cniVersion":"1.0.0"}',
  '{"cniVersion',
  '{"cniVersion":"1.0.0',
  '["cniVersion":"1.0.0"]',
  "}}}{{{",
  "not JSON at all",
  "",
];

for (const client of clients) {
  describe.skipIf(client.path === "")(`${client.name} answers VERSION`, () => {
    for (const stdin of inputs) {
      test(`as core does for ${JSON.stringify(stdin)}, without a daemon`, async () => {
        const environment = { CNI_COMMAND: "VERSION", CNI_NETNS: "dummy", CNI_IFNAME: "dummy", CNI_PATH: "dummy" };
        expect(await runClient(client, { environment, stdin })).toEqual({
          exitCode: 0,
          stdout: Buffer.from(answerVersion(Buffer.from(stdin))),
          stderr: "",
        });
      });
    }
  });
}

const [inC] = clients;

describe.skipIf(inC?.path === "")("the client in C", () => {
  test("finds the same cniVersion as core in any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(noise(), configuration()), async (text) => {
        const stdin = Buffer.from(text, "latin1");
        const { stdout } = await runClient(inC as (typeof clients)[number], {
          environment: { CNI_COMMAND: "VERSION" },
          stdin,
        });
        expect(stdout.toString()).toBe(answerVersion(stdin));
      }),
      { numRuns: 300 },
    );
  });
});

/** What a scanner could stumble over, in any order. */
function noise(): fc.Arbitrary<string> {
  const pieces = ['"cniVersion"', ":", '"1.0.0"', "{", "}", "[", "]", '"', "\\", " ", ",", "1.2.3", "\0", "\xff"];
  return fc.array(fc.constantFrom(...pieces), { maxLength: 8, size: "max" }).map((parts) => parts.join(""));
}

/** An object that names a version, or nearly, in the midst of noise. */
function configuration(): fc.Arbitrary<string> {
  const gap = fc.constantFrom("", "", " ", "\n", "\0");
  const version = fc.constantFrom(
    ...[
      '"1.0.0"',
      '"0.3.1',
      '"12.3.4567"',
      '"1.0"',
      '"1..0"',
      '"12345.1.1"',
      '""',
      "1.0.0",
      '"1.0.0 "',
      '"\\u0031.0.0"',
    ],
  );
  return fc
    .tuple(fc.oneof(fc.constant(""), noise()), gap, gap, version, noise())
    .map(([before, left, right, value, after]) => `{${before}"cniVersion"${left}:${right}${value}${after}`);
}
