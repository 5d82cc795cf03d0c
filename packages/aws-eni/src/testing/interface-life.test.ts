import { expect, test } from "vitest";
import type { CloudChange } from "./cloud-change.ts";
import { Ec2Model } from "./model.ts";
import type { Ec2Command, Ec2Requests } from "./requests.ts";
import type { FakeInterface } from "./world.ts";

test("an interface is created whole, attached, kept with its instance, detached and deleted", () => {
  const model = new Ec2Model(scenario);
  const heard: Omit<CloudChange, "networkInterfaceId">[] = [];
  model.subscribe(({ networkInterfaceId: _, ...change }) => heard.push(change));
  const { networkInterfaceId } = create(model, { secondaryPrivateIpAddressCount: 2 });
  const own = () => model.state().interfaces.find((one) => one.networkInterfaceId === networkInterfaceId);
  expect(own()).toMatchObject({
    privateIpAddress: "10.0.0.5",
    secondaryAddresses: ["10.0.0.6", "10.0.0.7"],
    securityGroupIds: ["sg-1"],
    tags: { note: "new" },
  });
  expect(own()?.attachment).toBeUndefined();
  model.perform({
    action: "AttachNetworkInterface",
    request: { networkInterfaceId, instanceId: "i-1", deviceIndex: 2 },
  });
  const attachmentId = own()?.attachment?.attachmentId ?? "";
  expect(own()?.attachment).toEqual({ attachmentId, instanceId: "i-1", deviceIndex: 2, deleteOnTermination: false });
  const request = { networkInterfaceId, attachmentId, deleteOnTermination: true };
  model.perform({ action: "ModifyNetworkInterfaceAttribute", request });
  expect(own()?.attachment?.deleteOnTermination).toBe(true);
  model.perform({ action: "DetachNetworkInterface", request: { attachmentId } });
  expect(own()?.attachment).toBeUndefined();
  model.perform({ action: "DeleteNetworkInterface", request: { networkInterfaceId } });
  expect(own()).toBeUndefined();
  const addresses = ["10.0.0.6", "10.0.0.7"];
  expect(heard).toEqual([
    { kind: "created", addresses, by: "CreateNetworkInterface" },
    { kind: "attached", addresses: [], by: "AttachNetworkInterface" },
    { kind: "modified", addresses: [], by: "ModifyNetworkInterfaceAttribute" },
    { kind: "detached", addresses: [], by: "DetachNetworkInterface" },
    { kind: "deleted", addresses, by: "DeleteNetworkInterface" },
  ]);
});

test("the same client token is the same interface, also when the subnet has become full", () => {
  const model = new Ec2Model(scenario);
  const first = create(model, { clientToken: "t" });
  model.occupy("subnet-1", 0);
  expect(create(model, { clientToken: "t" })).toEqual(first);
  expect(model.state().interfaces).toHaveLength(2);
});

test("addresses of a deleted interface are free again", () => {
  const model = new Ec2Model(scenario);
  const before = model.freeAddresses("subnet-1");
  const { networkInterfaceId } = create(model, { secondaryPrivateIpAddressCount: 3 });
  expect(model.freeAddresses("subnet-1")).toBe(before - 4);
  model.perform({ action: "DeleteNetworkInterface", request: { networkInterfaceId } });
  expect(model.freeAddresses("subnet-1")).toBe(before);
});

test("what no instance holds is listed as available, and not by an instance", () => {
  const model = new Ec2Model(scenario);
  const { networkInterfaceId } = create(model, {});
  const list = (name: string, value: string) => {
    const request = { filters: [{ name, values: [value] }] };
    const result = model.perform({ action: "DescribeNetworkInterfaces", request });
    if (!("action" in result) || result.action !== "DescribeNetworkInterfaces") throw new Error(JSON.stringify(result));
    return result.answer.items.map((own) => own.networkInterfaceId);
  };
  expect(list("status", "available")).toEqual([networkInterfaceId]);
  expect([list("attachment.instance-id", "i-1"), list("status", "in-use")]).toEqual([["eni-1"], ["eni-1"]]);
  expect(list("group-id", "sg-1")).toHaveLength(2);
});

function create(model: Ec2Model, more: Partial<Ec2Requests["CreateNetworkInterface"]>): FakeInterface {
  const tagSpecifications = [{ resourceType: "network-interface", tags: { note: "new" } }];
  const request = { subnetId: "subnet-1", tagSpecifications, ...more };
  const command: Ec2Command = { action: "CreateNetworkInterface", request };
  const result = model.perform(command);
  if (!("action" in result) || result.action !== "CreateNetworkInterface") throw new Error(JSON.stringify(result));
  return result.answer;
}

const scenario = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"] }],
  subnets: [{ subnetId: "subnet-1", vpcId: "vpc-1", availabilityZone: "zone-a", cidrBlock: "10.0.0.0/24" }],
  instances: [
    {
      instanceId: "i-1",
      instanceType: "m5.large",
      subnetId: "subnet-1",
      networkInterfaces: [{ networkInterfaceId: "eni-1" }],
    },
  ],
};
