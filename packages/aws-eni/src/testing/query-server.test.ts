import { request as httpRequest } from "node:http";
import { neverCancelled } from "@podwire/core";
import { SeededRandom, VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Ec2Api } from "../api.ts";
import { createEc2Client, type Ec2Client } from "../client.ts";
import { FakeAws } from "./fake-aws.ts";
import type { ScenarioInput } from "./scenario.ts";
import type { FakeServer } from "./server.ts";

const signed = { authorization: "AWS4-HMAC-SHA256 Credential=AKIAFAKE/20260101/eu-central-1/ec2/aws4_request" };

let fake: FakeAws;
let server: FakeServer;

beforeEach(async () => {
  fake = new FakeAws({ scenario, clock: new VirtualClock() });
  server = await fake.serveEc2({ host: "127.0.0.1", port: 0 });
});

afterEach(() => server.close());

async function post(body: string) {
  const answer = await fetch(server.url, { method: "POST", body, headers: signed });
  return { status: answer.status, requestId: answer.headers.get("x-amzn-requestid"), text: await answer.text() };
}

describe("the wire", () => {
  test("an answer is EC2's document", async () => {
    const answer = await post("Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1");
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">' +
        `<requestId>${answer.requestId}</requestId><vpcSet><item><vpcId>vpc-1</vpcId><state>available</state>` +
        "<cidrBlock>10.0.0.0/16</cidrBlock><cidrBlockAssociationSet><item>" +
        "<associationId>vpc-cidr-assoc-10</associationId><cidrBlock>10.0.0.0/16</cidrBlock>" +
        "<cidrBlockState><state>associated</state></cidrBlockState></item></cidrBlockAssociationSet>" +
        "<ipv6CidrBlockAssociationSet><item><associationId>vpc-cidr-assoc-v6-10</associationId>" +
        "<ipv6CidrBlock>2001:db8::/56</ipv6CidrBlock><ipv6CidrBlockState><state>associated</state>" +
        "</ipv6CidrBlockState></item></ipv6CidrBlockAssociationSet><isDefault>false</isDefault><tagSet></tagSet></item></vpcSet></DescribeVpcsResponse>",
    );
  });

  test("a refusal is EC2's error document", async () => {
    const answer = await post("Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-%3C9%3E");
    expect(answer.status).toBe(400);
    expect(answer.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>" +
        "<Message>The vpc ID 'vpc-&lt;9&gt;' does not exist</Message></Error></Errors>" +
        `<RequestID>${answer.requestId}</RequestID></Response>`,
    );
  });

  const describeVpcs = "Action=DescribeVpcs&Version=2016-11-15";
  const rows = [
    { name: "no action", body: "Version=2016-11-15", code: "MissingAction" },
    { name: "an action it does not know", body: "Action=RunInstances&Version=2016-11-15", code: "InvalidAction" },
    { name: "an action of JavaScript's", body: "Action=constructor&Version=2016-11-15", code: "InvalidAction" },
    { name: "another version", body: "Action=DescribeVpcs&Version=2010-08-31", code: "NoSuchVersion" },
    { name: "no version", body: "Action=DescribeVpcs", code: "NoSuchVersion" },
    { name: "a parameter it does not know", body: `${describeVpcs}&Colour=red`, code: "UnknownParameter" },
    { name: "a list with a hole", body: `${describeVpcs}&VpcId.2=vpc-1`, code: "UnknownParameter" },
    { name: "a number that is none", body: `${describeVpcs}&MaxResults=many`, code: "InvalidParameterValue" },
    {
      name: "nothing to unassign",
      body: "Action=UnassignPrivateIpAddresses&Version=2016-11-15&NetworkInterfaceId=eni-1",
      code: "MissingParameter",
    },
    { name: "no interface", body: "Action=AssignPrivateIpAddresses&Version=2016-11-15", code: "MissingParameter" },
  ];
  test.each(rows)("$name is refused with $code", async ({ body, code }) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(`<Code>${code}</Code>`);
  });

  test("DryRun is refused with 412 when everything is right", async () => {
    const answer = await post(`${describeVpcs}&DryRun=true`);
    expect([answer.status, answer.text]).toEqual([412, expect.stringContaining("<Code>DryRunOperation</Code>")]);
  });

  test("a body of more than 1 MiB ends the connection", async () => {
    await expect(post("x".repeat(1024 * 1024 + 1))).rejects.toThrow();
    expect((await post(describeVpcs)).status).toBe(200);
  });

  test("throttling names the time to wait", async () => {
    fake.faults.add({
      action: "*",
      when: { nth: 1 },
      effect: { kind: "fail", code: "RequestLimitExceeded", retryAfterMs: 1500 },
    });
    const answer = await fetch(server.url, { method: "POST", body: describeVpcs, headers: signed });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "2"]);
  });

  test("closing ends connections that are in use", async () => {
    fake.faults.add({ action: "*", when: "always", effect: { kind: "delay", delayMs: 1 } });
    const waiting = expect(post(describeVpcs)).rejects.toThrow();
    await vi.waitFor(() => expect(fake.log.calls).toHaveLength(1));
    await server.close();
    await waiting;
  });
});

describe("the log tells who called", () => {
  const body = "Action=DescribeVpcs&Version=2016-11-15";

  /** From an address that an instance may have: all of 127.0.0.0/8 is this machine. */
  function postFrom(localAddress: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = { method: "POST", headers: signed, localAddress, agent: false };
      const request = httpRequest(server.url, options, (response) => response.resume().on("end", resolve));
      request.on("error", reject);
      request.end(body);
    });
  }

  test.each([
    { from: "127.0.0.4", caller: "i-1" },
    { from: "127.0.0.5", caller: "i-1" },
    { from: "127.0.0.6", caller: "AKIAFAKE" },
  ])("a call from $from is one of $caller", async ({ from, caller }) => {
    const subnets = [{ ...scenario.subnets[0], subnetId: "subnet-1", cidrBlock: "127.0.0.0/28" }];
    const vpcs = [{ ...scenario.vpcs[0], cidrBlocks: ["127.0.0.0/16"] }];
    await server.close();
    fake = new FakeAws({ scenario: { ...scenario, vpcs, subnets } as ScenarioInput, clock: new VirtualClock() });
    server = await fake.serveEc2({ host: "127.0.0.1", port: 0 });
    await postFrom(from);
    const atMs = fake.clock.bootMs();
    expect(fake.log.calls).toEqual([{ action: "DescribeVpcs", atMs, caller, request: {} }]);
    expect([fake.log.counts(caller), fake.log.counts("nobody")]).toEqual([{ DescribeVpcs: 1 }, {}]);
  });
});

describe("both doors", () => {
  let client: Ec2Client;

  beforeEach(() => {
    vi.stubEnv("AWS_ENDPOINT_URL_EC2", server.url);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAFAKE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "fake");
    client = createEc2Client({ region: "eu-central-1", callTimeoutMs: 10_000 });
  });

  afterEach(() => {
    client.close();
    vi.unstubAllEnvs();
  });

  for (const seed of [1, 2, 3]) {
    test(`tell the same over any sequence of calls (seed ${seed})`, async () => {
      const twin = new FakeAws({ scenario, clock: new VirtualClock() });
      const random = new SeededRandom(seed);
      for (let step = 0; step < 40; step++) {
        const call = randomCall(random);
        const [wire, inProcess] = [await told(call, client), await told(call, twin.api())];
        expect(wire).toEqual(inProcess);
      }
      expect(fake.model.state()).toEqual(twin.model.state());
      expect(fake.log.counts()).toEqual(twin.log.counts());
    });
  }
});

const options = { signal: neverCancelled };

type Call = (api: Ec2Api) => Promise<unknown>;

/** What the caller learns; of an error everything but the request id, which only the wire has. */
async function told(call: Call, api: Ec2Api): Promise<unknown> {
  try {
    return await call(api);
  } catch (error) {
    const { code, message, details, op } = error as { code: string; message: string; details: string; op: string };
    return { code, message, op, details: details.replace(/request \S+\)$/, "request)") };
  }
}

function randomCall(random: SeededRandom): Call {
  const networkInterfaceId = ["eni-1", "eni-2", "eni-9"][random.integer(3)] as string;
  const privateIpAddresses = [`10.0.0.${4 + random.integer(12)}`];
  const [ipv4Prefixes, ipv6Prefixes] = [["10.0.0.16/28"], [`2001:db8:0:0:${1 + random.integer(2)}::/80`]];
  const calls: readonly Call[] = [
    (api) => api.describeVpcs({ vpcIds: ["vpc-1"] }, options),
    (api) => api.describeVpcs({ vpcIds: ["vpc-1", "vpc-9"] }, options),
    (api) => api.describeSubnets({ filters: [{ name: "vpc-id", values: ["vpc-1"] }] }, options),
    (api) => api.describeSubnets({ filters: [{ name: "colour", values: ["red"] }] }, options),
    (api) => api.describeInstanceTypes({ instanceTypes: ["m5.large"] }, options),
    (api) => api.describeNetworkInterfaces({ networkInterfaceIds: [networkInterfaceId] }, options),
    (api) => api.describeNetworkInterfaces({ filters: [{ name: "tag:a", values: ["*"] }] }, options),
    (api) => api.unassignPrivateIpAddresses({ networkInterfaceId, privateIpAddresses, ipv4Prefixes: [] }, options),
    (api) => api.unassignPrivateIpAddresses({ networkInterfaceId, privateIpAddresses: [], ipv4Prefixes }, options),
    (api) => api.assignPrivateIpAddresses({ networkInterfaceId, ipv4PrefixCount: 1 }, options),
    (api) => api.assignIpv6Addresses({ networkInterfaceId, ipv6PrefixCount: 1 }, options),
    (api) => api.unassignIpv6Addresses({ networkInterfaceId, ipv6Prefixes }, options),
    (api) => api.assignPrivateIpAddresses({ networkInterfaceId, secondaryPrivateIpAddressCount: 1 }, options),
    (api) => api.assignPrivateIpAddresses({ networkInterfaceId, secondaryPrivateIpAddressCount: 4 }, options),
  ];
  return calls[random.integer(calls.length)] as Call;
}

const scenario = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"], ipv6CidrBlocks: ["2001:db8::/56"] }],
  subnets: [
    {
      subnetId: "subnet-1",
      vpcId: "vpc-1",
      availabilityZone: "zone-a",
      cidrBlock: "10.0.0.0/27",
      ipv6CidrBlock: "2001:db8::/64",
    },
  ],
  instances: [
    {
      instanceId: "i-1",
      instanceType: "m5.large",
      subnetId: "subnet-1",
      networkInterfaces: [{ networkInterfaceId: "eni-1", tags: { a: "<&>" } }, { networkInterfaceId: "eni-2" }],
    },
  ],
};
