import { expect, test } from "vitest";
import { Ec2Model } from "./model.ts";
import { parseScenario } from "./scenario.ts";

const vpc = { vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"] };
const subnet = { subnetId: "subnet-1", vpcId: "vpc-1", availabilityZone: "zone-a", cidrBlock: "10.0.0.0/24" };
const instance = { instanceId: "i-1", instanceType: "t3.small", subnetId: "subnet-1" };
const good = { vpcs: [vpc], subnets: [subnet], instances: [instance] };

test("an instance gets one primary interface with the lowest free address", () => {
  const { region, instances, interfaces } = new Ec2Model(good).state();
  expect([region, instances.length, interfaces.length]).toEqual(["eu-central-1", 1, 1]);
  expect(interfaces[0]).toMatchObject({
    attachment: { instanceId: "i-1", deviceIndex: 0, deleteOnTermination: true },
    securityGroupIds: ["sg-1"],
    subnetId: "subnet-1",
    vpcId: "vpc-1",
    availabilityZone: "zone-a",
    privateIpAddress: "10.0.0.4",
    secondaryAddresses: [],
    tags: {},
  });
});

test("an interface can be there that no instance holds", () => {
  const networkInterfaces = [{ networkInterfaceId: "eni-8", subnetId: "subnet-1", tags: { a: "b" } }];
  const { interfaces } = new Ec2Model({ ...good, networkInterfaces }).state();
  expect(interfaces[1]).toMatchObject({ networkInterfaceId: "eni-8", tags: { a: "b" } });
  expect(interfaces[1]?.attachment).toBeUndefined();
});

test("everything about an interface can be said", () => {
  const own = {
    networkInterfaceId: "eni-7",
    deviceIndex: 0,
    macAddress: "02:AA:00:00:00:07",
    privateIpAddress: "10.0.0.77",
    securityGroupIds: ["sg-7"],
    secondaryPrivateIpAddressCount: 2,
    description: "seven",
    tags: { a: "b" },
  };
  const { interfaces } = new Ec2Model({ ...good, instances: [{ ...instance, networkInterfaces: [own] }] }).state();
  expect(interfaces[0]).toMatchObject({
    networkInterfaceId: "eni-7",
    macAddress: "02:aa:00:00:00:07",
    privateIpAddress: "10.0.0.77",
    securityGroupIds: ["sg-7"],
    secondaryAddresses: ["10.0.0.4", "10.0.0.5"],
    description: "seven",
    tags: { a: "b" },
  });
});

test("types of one's own stand beside the real ones", () => {
  const tiny = { instanceType: "tiny.nano", maximumNetworkInterfaces: 1, ipv4AddressesPerInterface: 2 };
  const model = new Ec2Model({ ...good, instanceTypes: [tiny] });
  const request = { instanceTypes: ["tiny.nano", "m5.4xlarge"] };
  expect(model.perform({ action: "DescribeInstanceTypes", request })).toMatchObject({
    answer: { items: [{ maximumNetworkInterfaces: 8, ipv4AddressesPerInterface: 30 }, tiny] },
  });
});

test("occupied parts of a subnet make it full and fragmented", () => {
  const occupied = ["10.0.0.0/25", "10.0.0.192/26"];
  const model = new Ec2Model({ ...good, subnets: [{ ...subnet, occupied }] });
  expect(model.freeAddresses("subnet-1")).toBe(63);
  expect(model.state().interfaces[0]?.privateIpAddress).toBe("10.0.0.128");
});

test("prefixes and IPv6 are there from the start, also on a type of one's own", () => {
  const tiny = { instanceType: "tiny.nano", maximumNetworkInterfaces: 1, ipv4AddressesPerInterface: 3 };
  const own = { ipv4PrefixCount: 1, ipv6AddressCount: 1, ipv6PrefixCount: 2 };
  const model = new Ec2Model({
    ...good,
    vpcs: [{ ...vpc, ipv6CidrBlocks: ["2001:db8::/56"] }],
    subnets: [{ ...subnet, ipv6CidrBlock: "2001:db8::/64" }],
    instanceTypes: [tiny],
    instances: [{ ...instance, instanceType: "tiny.nano", networkInterfaces: [own] }],
  });
  expect(model.state().interfaces).toMatchObject([
    {
      privateIpAddress: "10.0.0.4",
      ipv4Prefixes: ["10.0.0.16/28"],
      ipv6Addresses: ["2001:db8::4"],
      ipv6Prefixes: ["2001:db8:0:0:1::/80", "2001:db8:0:0:2::/80"],
    },
  ]);
});

test("a fragmented subnet holds what the scenario gives to instances, and no more prefixes", () => {
  const networkInterfaces = [{ networkInterfaceId: "eni-1", ipv4PrefixCount: 1 }];
  const subnets = [{ ...subnet, fragmented: true }];
  const model = new Ec2Model({ ...good, subnets, instances: [{ ...instance, networkInterfaces }] });
  expect(model.state().interfaces[0]?.ipv4Prefixes).toEqual(["10.0.0.16/28"]);
  expect(() => model.assignPrefixes("eni-1", 4, 1)).toThrow(/free cidr blocks/);
  expect(model.assign("eni-1", 1)).toHaveLength(1);
});

const malformed: readonly { readonly name: string; readonly scenario: unknown; readonly says: RegExp }[] = [
  { name: "no object", scenario: "vpcs", says: /the scenario: / },
  { name: "no VPC", scenario: { ...good, vpcs: [] }, says: /vpcs: / },
  { name: "an unknown key", scenario: { ...good, instance: [] }, says: /the scenario: .*instance/ },
  {
    name: "an unknown key deep inside",
    scenario: { ...good, subnets: [{ ...subnet, zone: "a" }] },
    says: /subnets\.0: .*zone/,
  },
  {
    name: "an id of the wrong kind",
    scenario: { ...good, vpcs: [{ ...vpc, vpcId: "subnet-1" }] },
    says: /vpcs\.0\.vpcId/,
  },
  {
    name: "a CIDR with host bits",
    scenario: { ...good, subnets: [{ ...subnet, cidrBlock: "10.0.0.1/24" }] },
    says: /"10\.0\.0\.1\/24" is not an IPv4 CIDR/,
  },
  {
    name: "an IPv6 CIDR",
    scenario: { ...good, subnets: [{ ...subnet, cidrBlock: "2001:db8::/64" }] },
    says: /is not an IPv4 CIDR/,
  },
  {
    name: "a MAC address that is none",
    scenario: { ...good, instances: [{ ...instance, networkInterfaces: [{ macAddress: "x" }] }] },
    says: /macAddress: "x" is not a MAC address/,
  },
  {
    name: "a latency of an action that is none",
    scenario: { ...good, behaviour: { latencyMs: { RunInstances: 1 } } },
    says: /behaviour\.latencyMs/,
  },
  {
    name: "a fault that is none",
    scenario: { ...good, behaviour: { faults: [{ action: "*", when: "sometimes", effect: { kind: "delay" } }] } },
    says: /behaviour\.faults\.0/,
  },
  {
    name: "a count that is a text",
    scenario: { ...good, instances: [{ ...instance, networkInterfaces: [{ secondaryPrivateIpAddressCount: "2" }] }] },
    says: /secondaryPrivateIpAddressCount/,
  },
];

test.each(malformed)("$name is refused where it stands", ({ scenario, says }) => {
  expect(() => parseScenario(scenario)).toThrow(
    expect.objectContaining({ code: "INVALID_DAEMON_CONFIG", message: expect.stringMatching(says) }),
  );
});

const impossible: readonly { readonly name: string; readonly change: object; readonly says: RegExp }[] = [
  {
    name: "a subnet outside its VPC",
    change: { subnets: [{ ...subnet, cidrBlock: "10.1.0.0/24" }] },
    says: /in no block of VPC vpc-1/,
  },
  {
    name: "an IPv6 subnet outside its VPC",
    change: { subnets: [{ ...subnet, ipv6CidrBlock: "2001:db8::/64" }] },
    says: /2001:db8::\/64\) is in no block of VPC vpc-1/,
  },
  {
    name: "prefixes on a type that has none",
    change: { instances: [{ ...instance, instanceType: "t2.medium", networkInterfaces: [{ ipv4PrefixCount: 1 }] }] },
    says: /prefixes, which its type cannot hold/,
  },
  {
    name: "IPv6 in a subnet without",
    change: { instances: [{ ...instance, networkInterfaces: [{ ipv6AddressCount: 1 }] }] },
    says: /not free in subnet-1/,
  },
  {
    name: "a subnet of an unknown VPC",
    change: { subnets: [{ ...subnet, vpcId: "vpc-2" }] },
    says: /in no block of VPC vpc-2/,
  },
  {
    name: "a subnet too small",
    change: { subnets: [{ ...subnet, cidrBlock: "10.0.0.0/29" }] },
    says: /is \/29, not \/16 to \/28/,
  },
  {
    name: "subnets that overlap",
    change: { subnets: [subnet, { ...subnet, subnetId: "subnet-2", cidrBlock: "10.0.0.128/25" }] },
    says: /subnet-1 and subnet-2 overlap/,
  },
  {
    name: "occupied parts outside",
    change: { subnets: [{ ...subnet, occupied: ["10.0.1.0/28"] }] },
    says: /10\.0\.1\.0\/28 cannot be occupied/,
  },
  {
    name: "an unknown instance type",
    change: { instances: [{ ...instance, instanceType: "x9.tiny" }] },
    says: /unknown type x9\.tiny/,
  },
  { name: "an unknown subnet", change: { instances: [{ ...instance, subnetId: "subnet-9" }] }, says: /unknown subnet/ },
  { name: "an instance twice", change: { instances: [instance, instance] }, says: /i-1 is there twice/ },
  {
    name: "more interfaces than the type holds",
    change: { instances: [{ ...instance, networkInterfaces: [{}, {}, {}, {}] }] },
    says: /more interfaces/,
  },
  {
    name: "more addresses than the type holds",
    change: { instances: [{ ...instance, networkInterfaces: [{ secondaryPrivateIpAddressCount: 4 }] }] },
    says: /more addresses/,
  },
  {
    name: "no primary interface",
    change: { instances: [{ ...instance, networkInterfaces: [{ deviceIndex: 1 }] }] },
    says: /device indexes/,
  },
  {
    name: "an address twice",
    change: { instances: [{ ...instance, networkInterfaces: [{}, { privateIpAddress: "10.0.0.4" }] }] },
    says: /10\.0\.0\.4 is not free/,
  },
  {
    name: "a reserved address",
    change: { instances: [{ ...instance, networkInterfaces: [{ privateIpAddress: "10.0.0.1" }] }] },
    says: /10\.0\.0\.1 is not free/,
  },
];

test.each(impossible)("$name cannot be", ({ change, says }) => {
  expect(() => new Ec2Model({ ...good, ...change })).toThrow(
    expect.objectContaining({ code: "INVALID_DAEMON_CONFIG", message: expect.stringMatching(says) }),
  );
});
