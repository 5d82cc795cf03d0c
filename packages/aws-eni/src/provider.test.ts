import { hostCidr, neverCancelled, parseAddress } from "@podwire/core";
import {
  type ContractCall,
  type ContractFault,
  FaultPlan,
  type ProviderPlace,
  providerContract,
  VirtualClock,
} from "@podwire/testkit";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Ec2Action, Ec2Api } from "./api.ts";
import { createEc2Client } from "./client.ts";
import { createAwsProvider } from "./provider.ts";
import { FakeAws, type ScenarioInput } from "./testing/index.ts";

afterEach(() => vi.unstubAllEnvs());

describe("the AWS provider keeps the port's contract, in-process", () => {
  providerContract({ test, createPlace: () => createPlace(inProcess) });
});

describe("the AWS provider keeps the port's contract, through the SDK over HTTP", () => {
  providerContract({ test, createPlace: () => createPlace(onTheWire) });
});

const options = { signal: neverCancelled };

describe("owners of interfaces", () => {
  const rows = [
    { name: "the primary without tags", deviceIndex: 0, tags: {}, owner: "ours" },
    {
      name: "the primary tagged no-manage",
      deviceIndex: 0,
      tags: { "node.k8s.amazonaws.com/no_manage": "true" },
      owner: "foreign",
    },
    {
      name: "the primary that may be managed",
      deviceIndex: 0,
      tags: { "node.k8s.amazonaws.com/no_manage": "false" },
      owner: "ours",
    },
    { name: "a secondary without tags", deviceIndex: 1, tags: {}, owner: "foreign" },
    { name: "a secondary of this cluster", deviceIndex: 1, tags: { "podwire/cluster": "blue" }, owner: "ours" },
    { name: "a secondary of another cluster", deviceIndex: 1, tags: { "podwire/cluster": "green" }, owner: "foreign" },
    {
      name: "a secondary of this cluster tagged no-manage",
      deviceIndex: 1,
      tags: { "podwire/cluster": "blue", "node.k8s.amazonaws.com/no_manage": "" },
      owner: "foreign",
    },
  ] as const;

  test.each(rows)("$name is $owner", async ({ deviceIndex, tags, owner }) => {
    const networkInterfaces = deviceIndex === 0 ? [{ tags }] : [{}, { tags }];
    const { fake, provider } = createProvider({ ...scenario, instances: [{ ...instance, networkInterfaces }] });
    const { interfaces } = await provider.describe(fake.nodeRef("i-1"), options);
    const role = deviceIndex === 0 ? "primary" : "secondary";
    expect(interfaces.find((own) => own.role === role)?.owner).toBe(owner);
  });
});

test("limits are asked once per instance type, and a failure is asked again", async () => {
  const { fake, provider } = createProvider();
  const node = fake.nodeRef("i-1");
  fake.faults.add({ action: "DescribeInstanceTypes", when: { nth: 1 }, effect: { kind: "lose-answer" } });
  await expect(provider.limits(node, options)).rejects.toMatchObject({ code: "CLOUD_UNREACHABLE" });
  const limits = await provider.limits(node, options);
  expect(await provider.limits(node, options)).toBe(limits);
  expect(limits).toEqual({ maxInterfaces: 3, blocksPerInterface: { 4: 9, 6: 9 } });
  expect(fake.log.counts()).toEqual({ DescribeInstanceTypes: 2 });
});

describe("what an instance type can hold", () => {
  const kinds = [
    { family: 4, prefixLength: 32 },
    { family: 4, prefixLength: 28 },
    { family: 6, prefixLength: 80 },
  ];
  const rows = [
    { instanceType: "m5.large", blockKinds: undefined, ipv6: 9 },
    { instanceType: "c5.metal", blockKinds: undefined, ipv6: 49 },
    { instanceType: "t2.medium", blockKinds: kinds.slice(0, 1), ipv6: 0 },
    { instanceType: "m3.medium", blockKinds: kinds.slice(0, 1), ipv6: 0 },
    { instanceType: "v4.only", blockKinds: kinds.slice(0, 2), ipv6: 0 },
  ];
  const v4only = { instanceType: "v4.only", maximumNetworkInterfaces: 3, ipv4AddressesPerInterface: 9 };

  test.each(rows)("$instanceType", async ({ instanceType, blockKinds, ipv6 }) => {
    const instanceTypes = [{ ...v4only, ipv6AddressesPerInterface: 0 }];
    const { fake, provider } = createProvider({ ...scenario, instanceTypes });
    const limits = await provider.limits({ ...fake.nodeRef("i-1"), instanceType }, options);
    expect([limits.blockKinds, limits.blocksPerInterface[6]]).toEqual([blockKinds, ipv6]);
  });
});

test("an instance type that EC2 does not know is refused with its name", async () => {
  const { fake, provider } = createProvider();
  const node = { ...fake.nodeRef("i-1"), instanceType: "x9.tiny" };
  await expect(provider.limits(node, options)).rejects.toMatchObject({
    code: "CLOUD_REJECTED",
    details: expect.stringContaining("[x9.tiny]"),
  });
});

test("the network has every CIDR of the VPC, and the subnets of the node's zone only", async () => {
  const { fake, provider } = createProvider();
  expect(await provider.network(fake.nodeRef("i-1"), options)).toEqual({
    mtuBytes: 9001,
    vpcCidrs: ["10.0.0.0/16", "100.64.0.0/16", "2001:db8::/56"],
    subnets: [
      {
        id: "subnet-a",
        zone: "zone-a",
        cidrs: ["10.0.1.0/24", "2001:db8:0:1::/64"],
        gateways: { 4: "10.0.1.1", 6: "fe80:ec2::1" },
        freeAddresses: 249,
        tags: {},
      },
      {
        id: "subnet-b",
        zone: "zone-a",
        cidrs: ["100.64.0.0/20"],
        gateways: { 4: "100.64.0.1" },
        freeAddresses: 4091,
        tags: { role: "pods" },
      },
    ],
  });
});

test("describing a node takes one call, and a second the first time a subnet is seen", async () => {
  const { fake, provider } = createProvider();
  await provider.describe(fake.nodeRef("i-1"), options);
  await provider.describe(fake.nodeRef("i-1"), options);
  expect(fake.log.counts()).toEqual({ DescribeNetworkInterfaces: 2, DescribeSubnets: 1 });
});

test("an instance that does not exist has no interfaces", async () => {
  const { fake, provider } = createProvider();
  const { interfaces } = await provider.describe({ ...fake.nodeRef("i-1"), id: "i-2" }, options);
  expect(interfaces).toEqual([]);
});

test("EC2 refuses a removal for one absent address: only those that are there are named again", async () => {
  const { fake, provider } = createProvider();
  const node = fake.nodeRef("i-1");
  const remove = [...fake.model.assign("eni-1", 1), parseAddress("10.0.1.200")].map(hostCidr);
  const outcome = await provider.changeBlocks({ token: "t", node, interfaceId: "eni-1", remove }, options);
  expect(outcome).toEqual({ added: [], removed: remove });
  expect(fake.log.counts()).toEqual({ UnassignPrivateIpAddresses: 2, DescribeNetworkInterfaces: 1 });
  expect(fake.model.state().interfaces[0]?.secondaryAddresses).toEqual([]);
});

test("removing blocks of every kind takes one call a family", async () => {
  const { fake, provider } = createProvider();
  const remove = [
    ...fake.model.assign("eni-1", 2).map(hostCidr),
    ...fake.model.assignPrefixes("eni-1", 4, 2),
    ...fake.model.assignPrefixes("eni-1", 6, 1),
  ];
  const change = { token: "t", node: fake.nodeRef("i-1"), interfaceId: "eni-1", remove };
  expect(await provider.changeBlocks(change, options)).toEqual({ added: [], removed: remove });
  expect(fake.log.counts()).toEqual({ UnassignPrivateIpAddresses: 1, UnassignIpv6Addresses: 1 });
});

test("when one family's blocks are gone and the other's cannot go, nothing is added and both are told", async () => {
  const { fake, provider } = createProvider();
  const [ipv4, ipv6] = [fake.model.assignPrefixes("eni-1", 4, 1), fake.model.assignPrefixes("eni-1", 6, 1)];
  fake.faults.add({
    action: "UnassignIpv6Addresses",
    when: "always",
    effect: { kind: "fail", code: "RequestLimitExceeded" },
  });
  const add = { kind: { family: 4, prefixLength: 32 }, count: 1 } as const;
  const change = { token: "t", node: fake.nodeRef("i-1"), interfaceId: "eni-1", add, remove: [...ipv6, ...ipv4] };
  const outcome = await provider.changeBlocks(change, options);
  expect(outcome).toMatchObject({ added: [], removed: ipv4, failure: { code: "CLOUD_THROTTLED" } });
  expect(fake.log.counts()).toEqual({ UnassignPrivateIpAddresses: 1, UnassignIpv6Addresses: 1 });
});

test("single IPv6 addresses are no blocks: the first is the interface's own, the others are left alone", async () => {
  const networkInterfaces = [{ networkInterfaceId: "eni-1", ipv6AddressCount: 3, ipv6PrefixCount: 1 }];
  const { fake, provider } = createProvider({ ...scenario, instances: [{ ...instance, networkInterfaces }] });
  const { interfaces } = await provider.describe(fake.nodeRef("i-1"), options);
  expect(interfaces).toMatchObject([
    { primaryAddresses: ["10.0.1.4", "2001:db8:0:1::4"], blocks: ["2001:db8:0:1:1::/80"] },
  ]);
});

test("IPv6 that came to the subnet later is seen by the interfaces that have it", async () => {
  const { fake } = createProvider();
  const before: Ec2Api = {
    ...fake.api(),
    describeSubnets: async (input, call) => {
      const subnets = await fake.api().describeSubnets(input, call);
      return subnets.map((subnet) => ({ ...subnet, ipv6CidrBlocks: [] }));
    },
  };
  const provider = createAwsProvider({ api: before, clock: fake.clock, cluster: "blue" });
  const { interfaces } = await provider.describe(fake.nodeRef("i-1"), options);
  expect(interfaces.map(({ gateways }) => gateways)).toEqual([{ 4: "10.0.1.1", 6: "fe80:ec2::1" }, { 4: "10.0.1.1" }]);
});

test("fewer addresses than asked for are told with a reason", async () => {
  const { fake, provider } = createProvider();
  fake.faults.add({ action: "AssignPrivateIpAddresses", when: "always", effect: { kind: "partial", atMost: 2 } });
  const add = { kind: { family: 4, prefixLength: 32 }, count: 3 } as const;
  const change = { token: "t", node: fake.nodeRef("i-1"), interfaceId: "eni-1", add };
  const outcome = await provider.changeBlocks(change, options);
  expect(outcome.added).toHaveLength(2);
  expect(outcome.failure).toMatchObject({ code: "CLOUD_CONFLICT", message: "eni-1 got 2 of 3 blocks asked for" });
});

test("an answer that names no addresses leaves the outcome unknown", async () => {
  const { fake } = createProvider();
  const api: Ec2Api = {
    ...fake.api(),
    assignPrivateIpAddresses: async () => ({ privateIpAddresses: [], ipv4Prefixes: [] }),
  };
  const provider = createAwsProvider({ api, clock: fake.clock, cluster: "blue" });
  const add = { kind: { family: 4, prefixLength: 32 }, count: 1 } as const;
  const change = { token: "t", node: fake.nodeRef("i-1"), interfaceId: "eni-1", add };
  await expect(provider.changeBlocks(change, options)).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
});

const instance = {
  instanceId: "i-1",
  instanceType: "m5.large",
  subnetId: "subnet-a",
  networkInterfaces: [{ networkInterfaceId: "eni-1", ipv6AddressCount: 1 }, { networkInterfaceId: "eni-2" }],
};

const scenario: ScenarioInput = {
  vpcs: [
    { vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16", "100.64.0.0/16"], ipv6CidrBlocks: ["2001:db8::/56"] },
    { vpcId: "vpc-2", cidrBlocks: ["10.0.0.0/16"] },
  ],
  subnets: [
    {
      subnetId: "subnet-a",
      vpcId: "vpc-1",
      availabilityZone: "zone-a",
      cidrBlock: "10.0.1.0/24",
      ipv6CidrBlock: "2001:db8:0:1::/64",
    },
    {
      subnetId: "subnet-b",
      vpcId: "vpc-1",
      availabilityZone: "zone-a",
      cidrBlock: "100.64.0.0/20",
      tags: { role: "pods" },
    },
    { subnetId: "subnet-c", vpcId: "vpc-1", availabilityZone: "zone-c", cidrBlock: "10.0.3.0/24" },
    { subnetId: "subnet-d", vpcId: "vpc-2", availabilityZone: "zone-a", cidrBlock: "10.0.4.0/24" },
  ],
  instances: [instance],
};

function createProvider(of: ScenarioInput = scenario) {
  const fake = new FakeAws({ scenario: of, clock: new VirtualClock() });
  return { fake, provider: createAwsProvider({ api: fake.api(), clock: fake.clock, cluster: "blue" }) };
}

/** One of the two doors of the fake, and what closes it. */
type Door = (fake: FakeAws) => Promise<{ readonly api: Ec2Api; readonly close: () => Promise<void> }>;

const inProcess: Door = async (fake) => ({ api: fake.api(), close: async () => {} });

const onTheWire: Door = async (fake) => {
  const server = await fake.serveEc2({ host: "127.0.0.1", port: 0 });
  vi.stubEnv("AWS_ENDPOINT_URL_EC2", server.url);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAFAKE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "fake");
  // The smallest page EC2 allows: the contract's listings then come in pages wherever they can.
  const client = createEc2Client({ region: "eu-central-1", callTimeoutMs: 10_000, pageSize: 5 });
  return {
    api: client,
    close: async () => {
      client.close();
      await server.close();
    },
  };
};

async function createPlace(openDoor: Door): Promise<ProviderPlace> {
  const faults = new FaultPlan();
  const clock = new VirtualClock();
  const fake = new FakeAws({ scenario, clock, faults });
  const { api, close } = await openDoor(fake);
  const interfaceOf = (id: string) => fake.model.state().interfaces.find((own) => own.networkInterfaceId === id);
  return {
    provider: createAwsProvider({ api, clock, cluster: "blue" }),
    node: fake.nodeRef("i-1"),
    clock,
    foreignInterfaceId: "eni-2",
    blocksOf: (id) => {
      const { secondaryAddresses = [], ipv4Prefixes = [], ipv6Prefixes = [] } = interfaceOf(id) ?? {};
      return [...secondaryAddresses.map(hostCidr), ...ipv4Prefixes, ...ipv6Prefixes];
    },
    occupy: (leaveFree) => fake.model.occupy("subnet-a", leaveFree),
    fragment: () => fake.model.fragment("subnet-a"),
    interfaces: {
      scope: { clusterName: "blue", networkId: "vpc-1" },
      leaveOrphan: (nodeId) => leaveOrphan(fake, nodeId),
    },
    mutationCount: () => fake.log.calls.filter(({ action }) => !action.startsWith("Describe")).length,
    inject: (call, fault) => {
      const effect =
        fault === "answer-lost"
          ? ({ kind: "lose-answer" } as const)
          : ({ kind: "fail", code: vendorCodes[fault], retryAfterMs: 7000 } as const);
      faults.add({ action: actionOf[call], when: { nth: 1 }, effect });
    },
    stall: (call) =>
      new Promise((resolve) => {
        const matching = () => {
          resolve();
          return true;
        };
        faults.add({ action: actionOf[call], when: { matching }, effect: { kind: "delay", delayMs: 1_000 }, times: 1 });
      }),
    dispose: close,
  };
}

function leaveOrphan(fake: FakeAws, nodeId: string): string {
  const tags = { "podwire/cluster": "blue", "podwire/instance": nodeId };
  const request = { subnetId: "subnet-a", tagSpecifications: [{ resourceType: "network-interface", tags }] };
  fake.model.perform({ action: "CreateNetworkInterface", request });
  return fake.model.state().interfaces.at(-1)?.networkInterfaceId ?? "";
}

const actionOf: Readonly<Record<ContractCall, Ec2Action>> = {
  describe: "DescribeNetworkInterfaces",
  add: "AssignPrivateIpAddresses",
  remove: "UnassignPrivateIpAddresses",
  create: "CreateNetworkInterface",
};

const vendorCodes: Readonly<Record<Exclude<ContractFault, "answer-lost">, string>> = {
  throttled: "RequestLimitExceeded",
  unauthorized: "UnauthorizedOperation",
  "no-credentials": "ExpiredToken",
  broken: "InternalError",
};
