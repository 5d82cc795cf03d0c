import { request } from "node:http";
import { VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeAws } from "./fake-aws.ts";
import type { FakeServer } from "./server.ts";

const clock = new VirtualClock();
let fake: FakeAws;
let server: FakeServer;

/** The subnet is loopback, so that connections come from addresses of instances. */
beforeEach(async () => {
  fake = new FakeAws({ clock, scenario });
  server = await fake.serveMetadata({ host: "127.0.0.4", port: 0 });
});

afterEach(() => server.close());

interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The address the connection comes from. */
  readonly from?: string;
}

function ask({
  method = "GET",
  path,
  headers = {},
  from = "127.0.0.4",
}: Ask): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}${path}`, { method, headers, localAddress: from, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

const life = (seconds: string) => ({ "x-aws-ec2-metadata-token-ttl-seconds": seconds });

async function newToken(seconds = "60"): Promise<Readonly<Record<string, string>>> {
  const { status, text } = await ask({ method: "PUT", path: "/latest/api/token", headers: life(seconds) });
  expect(status).toBe(200);
  return { "x-aws-ec2-metadata-token": text };
}

async function read(path: string, from?: string): Promise<string> {
  const headers = await newToken();
  return (await ask({ path: `/latest/${path}`, headers, ...(from === undefined ? {} : { from }) })).text;
}

test("without a token, with a wrong one and with one that has ended the answer is 401", async () => {
  const path = "/latest/meta-data/mac";
  const headers = await newToken("60");
  expect((await ask({ path })).status).toBe(401);
  expect((await ask({ path, headers: { "x-aws-ec2-metadata-token": "x" } })).status).toBe(401);
  expect((await ask({ path, headers })).status).toBe(200);
  await clock.advance(60_000);
  expect((await ask({ path, headers })).status).toBe(401);
});

test.each(["", "0", "21601", "many", "-1"])("a token for %j seconds is refused", async (seconds) => {
  const headers = seconds === "" ? {} : life(seconds);
  expect((await ask({ method: "PUT", path: "/latest/api/token", headers })).status).toBe(400);
});

test("a proxy gets no token", async () => {
  const headers = { ...life("60"), "x-forwarded-for": "10.0.0.1" };
  expect((await ask({ method: "PUT", path: "/latest/api/token", headers })).status).toBe(403);
});

test("who asks is told by the address he asks from", async () => {
  expect(await read("meta-data/instance-id", "127.0.0.4")).toBe("i-1");
  expect(await read("meta-data/instance-id", "127.0.0.6")).toBe("i-2");
  expect((await ask({ path: "/latest/meta-data/mac", from: "127.0.0.1", headers: await newToken() })).status).toBe(404);
});

test("the instance behind a secondary interface's address is nobody: requests come from the primary", async () => {
  const from = "127.0.0.5";
  expect((await ask({ path: "/latest/meta-data/mac", from, headers: await newToken() })).status).toBe(404);
});

test("categories are listed, directories with a slash", async () => {
  expect(await read("meta-data")).toBe(
    [
      "hostname",
      "iam/",
      "instance-id",
      "instance-type",
      "local-hostname",
      "local-ipv4",
      "ipv6",
      "mac",
      "network/",
      "placement/",
    ].join("\n"),
  );
  expect(await read("meta-data/network/interfaces/macs/")).toBe("02:00:00:00:00:01/\n02:00:00:00:00:02/");
  expect(await read("dynamic")).toBe("instance-identity/");
});

test("an interface tells its addresses as they are now", async () => {
  const path = "meta-data/network/interfaces/macs/02:00:00:00:00:01";
  expect(await read(`${path}/local-ipv4s`)).toBe("127.0.0.4");
  const [address] = fake.model.assign("eni-1", 1);
  expect(await read(`${path}/local-ipv4s`)).toBe(`127.0.0.4\n${address}`);
  expect(await read(`${path}/vpc-ipv4-cidr-blocks`)).toBe("127.0.0.0/16\n10.9.0.0/16");
  expect(await read(`${path}/interface-id`)).toBe("eni-1");
});

test("prefixes and IPv6 are there where an interface has them", async () => {
  const path = "meta-data/network/interfaces/macs/02:00:00:00:00:02";
  expect((await ask({ path: `/latest/${path}/ipv4-prefix`, headers: await newToken() })).status).toBe(404);
  expect((await read(path)).split("\n")).not.toContain("ipv6s");
  const prefixes = [...fake.model.assignPrefixes("eni-2", 4, 2), ...fake.model.assignPrefixes("eni-2", 6, 1)];
  expect(await read(`${path}/ipv4-prefix`)).toBe(prefixes.slice(0, 2).join("\n"));
  expect(await read(`${path}/ipv6-prefix`)).toBe(prefixes[2]);
  expect(await read(`${path}/subnet-ipv6-cidr-blocks`)).toBe("2001:db8::/64");
  expect(await read(`${path}/vpc-ipv6-cidr-blocks`)).toBe("2001:db8::/56");
  expect(await read("meta-data/network/interfaces/macs/02:00:00:00:00:01/ipv6s")).toBe("2001:db8::4");
  expect(await read("meta-data/ipv6")).toBe("2001:db8::4");
});

test("the identity document says who the instance is", async () => {
  expect(JSON.parse(await read("dynamic/instance-identity/document"))).toMatchObject({
    instanceId: "i-1",
    instanceType: "m5.large",
    region: "eu-central-1",
    availabilityZone: "zone-a",
    privateIp: "127.0.0.4",
  });
});

test.each([
  "/latest/meta-data/nothing",
  "/latest/meta-data/mac/deeper",
  "/latest/meta-data/constructor",
  "/latest/../etc/passwd",
  "/2009-04-04/meta-data/mac",
  "/",
])("%s is not found", async (path) => {
  expect((await ask({ path, headers: await newToken() })).status).toBe(404);
});

test("only reading is possible", async () => {
  expect((await ask({ method: "POST", path: "/latest/meta-data/mac", headers: await newToken() })).status).toBe(405);
});

const scenario = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["127.0.0.0/16", "10.9.0.0/16"], ipv6CidrBlocks: ["2001:db8::/56"] }],
  subnets: [
    {
      subnetId: "subnet-1",
      vpcId: "vpc-1",
      availabilityZone: "zone-a",
      cidrBlock: "127.0.0.0/26",
      ipv6CidrBlock: "2001:db8::/64",
    },
  ],
  instances: [
    {
      instanceId: "i-1",
      instanceType: "m5.large",
      subnetId: "subnet-1",
      networkInterfaces: [
        { networkInterfaceId: "eni-1", macAddress: "02:00:00:00:00:01", ipv6AddressCount: 1 },
        { networkInterfaceId: "eni-2", macAddress: "02:00:00:00:00:02" },
      ],
    },
    {
      instanceId: "i-2",
      instanceType: "m5.large",
      subnetId: "subnet-1",
      networkInterfaces: [{ networkInterfaceId: "eni-3" }],
    },
  ],
};
