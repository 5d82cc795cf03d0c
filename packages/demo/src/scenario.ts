import type { CloudMachine, ScenarioInput } from "@podwire/aws-eni/testing";
import { type Address, parseAddress, parseCidr, parseMac } from "@podwire/core";
import type { OutsideHost } from "@podwire/testkit";

/** An instance of the demo and the name its namespace has. */
export interface DemoMachine extends CloudMachine {
  readonly address: Address;
  readonly subnetId: string;
}

/** A machine with podwire, and the configuration of its one pool. */
export interface NodeMachine extends DemoMachine {
  readonly pool: { readonly warm: number; readonly minimum: number };
}

/** Few addresses an interface, so that few pods need several. The numbers are AWS's. */
export const nodeType = { instanceType: "t3.small", interfaces: 3, addressesPerInterface: 3 } as const;

/** What a node has room for, but for one more pod that comes and goes. */
export const maxPodsPerNode = nodeType.interfaces * nodeType.addressesPerInterface - 1;

/** By these a pool finds the subnets for its interfaces. */
export const podSubnetTags = { role: "pods" } as const;

export const podSubnetId = "subnet-pods";

const subnets = [
  { subnetId: "subnet-a", cidrBlock: "10.0.1.0/24", tags: {} },
  { subnetId: "subnet-b", cidrBlock: "10.0.2.0/24", tags: {} },
  { subnetId: podSubnetId, cidrBlock: "10.0.3.0/24", tags: podSubnetTags },
] as const;

/** The first node holds addresses for all its pods from the start, the second only two. */
export function nodeMachines(podsPerNode: number): readonly [NodeMachine, NodeMachine] {
  return [
    {
      name: "node-1",
      instanceId: "i-node-1",
      address: parseAddress("10.0.1.10"),
      subnetId: "subnet-a",
      pool: { warm: 2, minimum: podsPerNode },
    },
    {
      name: "node-2",
      instanceId: "i-node-2",
      address: parseAddress("10.0.2.10"),
      subnetId: "subnet-b",
      pool: { warm: 2, minimum: 0 },
    },
  ];
}

/** In the VPC, but without podwire. */
export const peer: DemoMachine = {
  name: "peer",
  instanceId: "i-peer",
  address: parseAddress("10.0.1.20"),
  subnetId: "subnet-a",
};

/** The API of EC2 at an interface endpoint in the VPC, as AWS PrivateLink makes it. */
export const ec2Address = parseAddress("10.0.255.10");

export const outsideHost: OutsideHost = {
  mac: parseMac("02:00:5e:00:53:01"),
  node: "outside",
  ifName: "eth0",
  gateways: { 4: parseAddress("198.51.100.1") },
  subnetCidrs: [parseCidr("198.51.100.0/24")],
  primaryAddresses: [parseAddress("198.51.100.10")],
};

export const outsideAddress = parseAddress("198.51.100.10");

export function scenarioOf(machines: readonly DemoMachine[]): ScenarioInput {
  return {
    region: "eu-central-1",
    vpcs: [{ vpcId: "vpc-demo", cidrBlocks: ["10.0.0.0/16"] }],
    subnets: subnets.map((subnet) => ({ ...subnet, vpcId: "vpc-demo", availabilityZone: "eu-central-1a" })),
    instances: machines.map(({ instanceId, address, subnetId }) => ({
      instanceId,
      instanceType: nodeType.instanceType,
      subnetId,
      networkInterfaces: [{ privateIpAddress: address }],
    })),
  };
}

/** The subnets and the machines in them, in words. */
export function describeSubnets(machines: readonly DemoMachine[]): readonly string[] {
  return subnets.map(({ subnetId, cidrBlock, tags }) => {
    const inside = machines.filter((machine) => machine.subnetId === subnetId);
    const words = [
      ...inside.map(({ name, address }) => `${name} ${address}`),
      ...Object.entries(tags).map(([key, value]) => `${key}=${value}, for further interfaces of the nodes`),
    ];
    return `${subnetId} ${cidrBlock}: ${words.join(", ")}`;
  });
}
