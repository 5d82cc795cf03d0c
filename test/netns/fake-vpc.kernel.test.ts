import { type FakeVpcNetwork, type ScenarioInput, startFakeVpcNetwork } from "@podwire/aws-eni/testing";
import {
  type Address,
  addressAt,
  addressBits,
  type Cidr,
  familyOf,
  parseAddress,
  parseCidr,
  parseMac,
} from "@podwire/core";
import { openNetlink, replaceAddr } from "@podwire/linux";
import { createProbes, type Probe } from "@podwire/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const echoPort = 7007;
const machines = [
  { name: "vpc-node", instanceId: "i-node" },
  { name: "vpc-peer", instanceId: "i-peer" },
];

const scenario: ScenarioInput = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"], ipv6CidrBlocks: ["2001:db8::/56"] }],
  subnets: [
    {
      subnetId: "subnet-1",
      vpcId: "vpc-1",
      availabilityZone: "zone-a",
      cidrBlock: "10.0.0.0/24",
      ipv6CidrBlock: "2001:db8::/64",
    },
  ],
  instances: machines.map(({ instanceId }) => ({
    instanceId,
    instanceType: "m5.large",
    subnetId: "subnet-1",
    networkInterfaces: [{ networkInterfaceId: instanceId.replace("i-", "eni-"), ipv6AddressCount: 1 }],
  })),
};

let vpc: FakeVpcNetwork;
const probes = createProbes();
let [node, peer]: readonly (Probe | undefined)[] = [];

beforeAll(async () => {
  vpc = await startFakeVpcNetwork({
    scenario,
    machines,
    ec2Address: parseAddress("10.0.255.10"),
    latencyMs: { AssignPrivateIpAddresses: 1 },
    outside: {
      mac: parseMac("02:00:00:00:0f:00"),
      node: "vpc-outside",
      ifName: "eth0",
      gateways: { 4: parseAddress("198.51.100.1") },
      subnetCidrs: [parseCidr("198.51.100.0/24")],
      primaryAddresses: [parseAddress("198.51.100.9")],
    },
  });
  [node, peer] = await Promise.all(machines.map(({ name }) => probes.start(vpc.fabric.netnsPath(name))));
});

afterAll(async () => {
  await probes.close();
  await vpc?.close();
});

describe.each([4, 6] as const)("a prefix of IPv%i", (family) => {
  it("is delivered to the interface that has it, for as long as it has it", async () => {
    const [prefix] = vpc.aws.model.assignPrefixes("eni-node", family, 1);
    await vpc.settled();
    const address = addressAt(prefix as Cidr, 9n);
    await configure(address);
    await node?.listen([address], echoPort);
    const [own] = vpc.aws.model.state().interfaces.filter((one) => one.networkInterfaceId === "eni-peer");
    expect(await seenFromPeer(address)).toBe(family === 4 ? own?.privateIpAddress : own?.ipv6Addresses[0]);
    vpc.aws.model.unassignPrefixes("eni-node", [prefix as Cidr]);
    await vpc.settled();
    expect(await seenFromPeer(address)).toBeUndefined();
  });
});

/** On the loopback of the node: its answers leave by the default route, to the gateway EC2 documents. */
async function configure(address: Address): Promise<void> {
  const netlink = openNetlink({ netnsPath: vpc.fabric.netnsPath("vpc-node") });
  try {
    const ifIndex = (await netlink.link("lo"))?.index ?? 1;
    const prefixLength = addressBits(familyOf(address));
    await netlink.apply([replaceAddr({ ifIndex, address, prefixLength, protocol: 0 }, { noDad: true })]);
  } finally {
    netlink.close();
  }
}

/** Undefined: blocked. */
async function seenFromPeer(address: Address): Promise<string | undefined> {
  const reached = await peer?.reach({ protocol: "tcp", address, port: echoPort, timeoutMs: 500 });
  return reached?.reached === true ? reached.seenAs : undefined;
}
