import type { CloudMachine, ScenarioInput } from "@podwire/aws-eni/testing";
import { type Address, parseAddress, parseCidr, parseMac } from "@podwire/core";
import type { OutsideHost } from "@podwire/testkit";

/** An instance of the demo and the name its namespace has. */
export interface DemoMachine extends CloudMachine {
  readonly address: Address;
}

export const node: DemoMachine = { name: "node-1", instanceId: "i-node-1", address: parseAddress("10.0.0.10") };

/** In the VPC, but without podwire. */
export const peer: DemoMachine = { name: "peer", instanceId: "i-peer", address: parseAddress("10.0.0.20") };

export const machines: readonly DemoMachine[] = [node, peer];

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

export const scenario: ScenarioInput = {
  region: "eu-central-1",
  vpcs: [{ vpcId: "vpc-demo", cidrBlocks: ["10.0.0.0/16"] }],
  subnets: [
    { subnetId: "subnet-demo", vpcId: "vpc-demo", availabilityZone: "eu-central-1a", cidrBlock: "10.0.0.0/24" },
  ],
  instances: machines.map(({ instanceId, address }) => ({
    instanceId,
    instanceType: "m5.large",
    subnetId: "subnet-demo",
    networkInterfaces: [{ privateIpAddress: address }],
  })),
};
