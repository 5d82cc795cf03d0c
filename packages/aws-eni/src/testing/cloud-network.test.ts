import { hostCidr, parseAddress } from "@podwire/core";
import { expect, it } from "vitest";
import { cloudFactsOf, fabricStateOf } from "./cloud-network.ts";
import { Ec2Model } from "./model.ts";
import type { ScenarioInput } from "./scenario.ts";

const node = { name: "node-1", instanceId: "i-node-1", address: parseAddress("10.0.0.10") };
const peer = { name: "peer", instanceId: "i-peer", address: parseAddress("10.0.0.20") };
const machines = [node, peer];

const scenario: ScenarioInput = {
  region: "eu-central-1",
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"] }],
  subnets: [{ subnetId: "subnet-1", vpcId: "vpc-1", availabilityZone: "eu-central-1a", cidrBlock: "10.0.0.0/24" }],
  instances: machines.map(({ instanceId, address }) => ({
    instanceId,
    instanceType: "m5.large",
    subnetId: "subnet-1",
    networkInterfaces: [{ privateIpAddress: address }],
  })),
};

it("gives each instance its interfaces, with the addresses EC2 says they have", () => {
  const model = new Ec2Model(scenario);
  const primary = model.state().interfaces.find(({ attachment }) => attachment?.instanceId === node.instanceId);
  const assigned = model.assign(primary?.networkInterfaceId ?? "", 2).map(hostCidr);
  const { nodes, interfaces, routes } = fabricStateOf(model.state(), machines);
  expect([nodes, routes]).toEqual([[node.name, peer.name], []]);
  expect(interfaces).toMatchObject([
    {
      node: node.name,
      ifName: "eth0",
      mac: primary?.macAddress,
      gateways: { 4: "10.0.0.1" },
      primaryAddresses: [node.address],
      blocks: assigned,
    },
    { node: peer.name, ifName: "eth0", primaryAddresses: [peer.address], blocks: [] },
  ]);
  expect(cloudFactsOf(model.state(), node.instanceId).interfaces).toMatchObject([{ blocks: assigned }]);
});

it("gives prefixes and IPv6 as EC2 delivers them: the interface's own addresses apart from its blocks", () => {
  const networkInterfaces = [{ networkInterfaceId: "eni-node", ipv6AddressCount: 2 }];
  const vpcs = [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"], ipv6CidrBlocks: ["2001:db8::/56"] }];
  const subnets = scenario.subnets.map((subnet) => ({ ...subnet, ipv6CidrBlock: "2001:db8::/64" }));
  const instances = [
    { instanceId: node.instanceId, instanceType: "m5.large", subnetId: "subnet-1", networkInterfaces },
  ];
  const model = new Ec2Model({ ...scenario, vpcs, subnets, instances });
  const prefixes = [...model.assignPrefixes("eni-node", 4, 1), ...model.assignPrefixes("eni-node", 6, 1)];
  const blocks = ["2001:db8::5/128", ...prefixes];
  expect(fabricStateOf(model.state(), machines).interfaces).toMatchObject([
    {
      gateways: { 4: "10.0.0.1", 6: "fe80:ec2::1" },
      subnetCidrs: ["10.0.0.0/24", "2001:db8::/64"],
      primaryAddresses: ["10.0.0.4", "2001:db8::4"],
      blocks,
    },
  ]);
  expect(cloudFactsOf(model.state(), node.instanceId).interfaces).toMatchObject([{ blocks }]);
});

it("refuses a cloud with an instance that is no machine", () => {
  const state = new Ec2Model(scenario).state();
  expect(() => fabricStateOf(state, [node])).toThrow(expect.objectContaining({ code: "CLOUD_NOT_FOUND" }));
});
