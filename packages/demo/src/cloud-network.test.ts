import { Ec2Model } from "@podwire/aws-eni/testing";
import { hostCidr } from "@podwire/core";
import { expect, it } from "vitest";
import { cloudFactsOf, fabricStateOf } from "./cloud-network.ts";
import { machines, node, peer, scenario } from "./scenario.ts";

it("gives each instance its interfaces, with the addresses EC2 says they have", () => {
  const model = new Ec2Model(scenario);
  const primary = model.state().interfaces.find(({ instanceId }) => instanceId === node.instanceId);
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

it("refuses a cloud with an instance that is no machine of the demo", () => {
  const state = new Ec2Model(scenario).state();
  expect(() => fabricStateOf(state, [node])).toThrow(expect.objectContaining({ code: "CLOUD_NOT_FOUND" }));
});
