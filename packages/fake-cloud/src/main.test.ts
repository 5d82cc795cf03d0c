import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createEc2Client, createMetadataIdentity } from "@podwire/aws-eni";
import { neverCancelled } from "@podwire/core";
import { monotonicClock, nodeProgram } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

// Every test starts programs, which takes long on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const [command = "", ...program] = nodeProgram(import.meta.url, "main");
const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
const example = /```json\n(.*?)```/s.exec(readme)?.[1] ?? "";

let directory: string;
let scenario: string;
let children: ChildProcess[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-fake-cloud-"));
  scenario = join(directory, "scenario.json");
  writeFileSync(scenario, example);
  children = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(directory, { recursive: true, force: true });
});

interface Served {
  readonly variables: Readonly<Record<string, string>>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Resolves when it has told all the variables; the region comes last. */
async function serve(...words: readonly string[]): Promise<Served> {
  const child = spawn(command, [...program, "aws", `--scenario=${scenario}`, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const ended = once(child, "close").then(([code]) => code as number | null);
  const variables: Record<string, string> = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = "", value = ""] = line.split(/=(.*)/s);
    variables[name] = value;
    if (name === "AWS_REGION") break;
  }
  return {
    variables,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

function refusal(...words: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  return spawnSync(command, [...program, ...words], { encoding: "utf8" });
}

describe("the example of the README", () => {
  test("serves the real SDK behind podwire's adapter: who I am, what I have, more of it", async () => {
    const { variables } = await serve("--metadata-listen=127.0.0.1:0");
    const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
    for (const [name, value] of Object.entries({ ...variables, ...credentials })) vi.stubEnv(name, value);
    const node = await createMetadataIdentity({ clock: monotonicClock() }).self(neverCancelled);
    expect(node).toMatchObject({ id: "i-1", region: "eu-central-1", primaryAddress: "10.0.1.10" });
    const client = createEc2Client({ region: node.region, callTimeoutMs: 10_000 });
    try {
      const options = { signal: neverCancelled };
      const eni = { networkInterfaceId: "eni-1" };
      await client.assignPrivateIpAddresses({ ...eni, secondaryPrivateIpAddressCount: 2 }, options);
      await client.assignPrivateIpAddresses({ ...eni, ipv4PrefixCount: 1 }, options);
      await client.assignIpv6Addresses({ ...eni, ipv6PrefixCount: 1 }, options);
      const [found] = await client.describeNetworkInterfaces({ networkInterfaceIds: ["eni-1"] }, options);
      expect(found?.privateIpAddresses).toHaveLength(3);
      expect(found).toMatchObject({
        ipv4Prefixes: ["10.0.1.16/28"],
        ipv6Addresses: ["2001:db8:0:1::4"],
        ipv6Prefixes: ["2001:db8:0:1:1::/80"],
      });
      const fragmented = { networkInterfaceId: "eni-2", ipv4PrefixCount: 1 };
      await expect(client.assignPrivateIpAddresses(fragmented, options)).rejects.toMatchObject({
        code: "SUBNET_FRAGMENTED",
      });
    } finally {
      client.close();
    }
  });

  test("serves the command line of AWS", async (context) => {
    const found = spawnSync("aws", ["--version"], { encoding: "utf8" });
    if (found.status !== 0) return context.skip("the command aws (Debian package awscli) is not installed");
    const { variables } = await serve();
    const aws = (...words: readonly string[]) => {
      const all = ["--endpoint-url", variables["AWS_ENDPOINT_URL_EC2"] ?? "", "--output", "json", "ec2", ...words];
      const { status, stdout, stderr } = spawnSync("aws", all, { encoding: "utf8", env: environment });
      return { status, answer: stdout.trim() === "" ? undefined : JSON.parse(stdout), stderr };
    };
    const environment = {
      PATH: process.env["PATH"],
      HOME: directory,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_DEFAULT_REGION: "eu-central-1",
    };
    const eni = ["--network-interface-id", "eni-1"];
    const assigned = aws("assign-private-ip-addresses", ...eni, "--secondary-private-ip-address-count", "2");
    expect(assigned).toMatchObject({ status: 0, stderr: "" });
    const described = aws("describe-network-interfaces", "--network-interface-ids", "eni-1");
    expect(described.answer.NetworkInterfaces[0].PrivateIpAddresses).toHaveLength(3);
    const prefix = aws("assign-private-ip-addresses", ...eni, "--ipv4-prefix-count", "1");
    expect(prefix.answer.AssignedIpv4Prefixes).toEqual([{ Ipv4Prefix: "10.0.1.16/28" }]);
    const ipv6 = aws("assign-ipv6-addresses", ...eni, "--ipv6-prefix-count", "1");
    expect(ipv6.answer.AssignedIpv6Prefixes).toEqual(["2001:db8:0:1:1::/80"]);
    const all = aws("describe-network-interfaces", "--network-interface-ids", "eni-1").answer.NetworkInterfaces[0];
    expect(all).toMatchObject({
      Ipv4Prefixes: [{ Ipv4Prefix: "10.0.1.16/28" }],
      Ipv6Addresses: [{ Ipv6Address: "2001:db8:0:1::4" }],
      Ipv6Prefixes: [{ Ipv6Prefix: "2001:db8:0:1:1::/80" }],
    });
    const both = ["--ipv4-prefixes", "10.0.1.16/28", "--private-ip-addresses", "10.0.1.4"];
    expect(aws("unassign-private-ip-addresses", ...eni, ...both)).toMatchObject({ status: 0 });
    expect(aws("unassign-ipv6-addresses", ...eni, "--ipv6-prefixes", "2001:db8:0:1:1::/80").answer).toMatchObject({
      UnassignedIpv6Prefixes: ["2001:db8:0:1:1::/80"],
    });
    const subnets = aws("describe-subnets", "--filters", "Name=tag:role,Values=pods");
    expect(subnets.answer.Subnets).toMatchObject([{ SubnetId: "subnet-1" }]);
    expect(aws("describe-vpcs", "--vpc-ids", "vpc-9").stderr).toContain("InvalidVpcID.NotFound");
  }, 120_000);

  test("a scenario can make calls slow, throttled and wrong", async () => {
    const behaviour = {
      throttling: { DescribeVpcs: { capacity: 1, refillPerSecond: 0 } },
      faults: [{ action: "DescribeSubnets", when: "always", effect: { kind: "fail", code: "InternalError" } }],
    };
    writeFileSync(scenario, JSON.stringify({ ...JSON.parse(example), behaviour }));
    const { variables } = await serve();
    const call = async (action: string) => {
      const headers = { authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/ec2/aws4_request" };
      const body = `Action=${action}&Version=2016-11-15`;
      return (await fetch(variables["AWS_ENDPOINT_URL_EC2"] ?? "", { method: "POST", headers, body })).status;
    };
    const statuses = [await call("DescribeVpcs"), await call("DescribeVpcs"), await call("DescribeSubnets")];
    expect(statuses).toEqual([200, 503, 500]);
  });
});

test.each(["SIGTERM", "SIGINT"] as const)("%s ends it with exit code 0, and the port is free again", async (signal) => {
  const first = await serve();
  const { host } = new URL(first.variables["AWS_ENDPOINT_URL_EC2"] ?? "");
  expect(await first.end(signal)).toBe(0);
  const again = await serve(`--listen=${host}`);
  expect(again.variables["AWS_ENDPOINT_URL_EC2"]).toBe(`http://${host}`);
});

describe("refused in one line, with exit code 2", () => {
  const files: readonly { readonly name: string; readonly text: string; readonly message: RegExp }[] = [
    { name: "no JSON", text: "{", message: /^podwire-fake-cloud: INVALID_DAEMON_CONFIG: .*scenario\.json" cannot be/ },
    {
      name: "every wrong place",
      text: JSON.stringify({ vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/33"] }], subnets: [], colour: "red" }),
      message: /^podwire-fake-cloud: INVALID_DAEMON_CONFIG: .*vpcs\.0\.cidrBlocks\.0.*subnets.*colour/,
    },
  ];
  test.each(files)("a scenario that is $name", ({ text, message }) => {
    writeFileSync(scenario, text);
    const { status, stderr } = refusal("aws", `--scenario=${scenario}`);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(message) });
    expect(stderr.trimEnd()).not.toContain("\n");
  });

  test("a file that is absent, by its name", () => {
    const { status, stderr } = refusal("aws", "--scenario=/nonexistent/s.json");
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('"/nonexistent/s.json"') });
  });

  test("an instance that is not in the scenario", () => {
    const words = ["aws", `--scenario=${scenario}`, "--metadata-listen=127.0.0.1:0", "--instance=i-9"];
    expect(refusal(...words)).toMatchObject({ status: 2, stderr: expect.stringContaining("CLOUD_NOT_FOUND") });
  });

  test("an address that is taken, and nothing is served", async () => {
    const { variables } = await serve();
    const { host } = new URL(variables["AWS_ENDPOINT_URL_EC2"] ?? "");
    const words = ["aws", `--scenario=${scenario}`, `--metadata-listen=${host}`];
    expect(refusal(...words)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(host.replace(":", " port ")),
    });
  });

  test("wrong options, with the usage", () => {
    expect(refusal("aws")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--scenario is missing\nusage: /),
    });
  });
});
