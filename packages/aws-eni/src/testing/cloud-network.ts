import { addressAt, hostCidr, PodwireError } from "@podwire/core";
import type { CloudFacts, FabricInterface, FabricState } from "@podwire/testkit";
import type { CloudState, FakeInterface } from "./world.ts";

/** An instance and the name its namespace has. */
export interface CloudMachine {
  readonly name: string;
  readonly instanceId: string;
}

/** What EC2 says, as the fabric understands it. @throws CLOUD_NOT_FOUND the state does not hang together */
export function fabricStateOf(cloud: CloudState, machines: readonly CloudMachine[]): FabricState {
  return {
    nodes: machines.map(({ name }) => name),
    interfaces: cloud.interfaces.map((own) => fabricInterface(own, cloud, machines)),
    routes: [],
  };
}

/** What EC2 says of one instance, as the audit wants it. */
export function cloudFactsOf(cloud: CloudState, instanceId: string): CloudFacts {
  const interfaces = cloud.interfaces.filter((own) => own.instanceId === instanceId);
  return {
    interfaces: interfaces.map((own) => ({
      id: own.networkInterfaceId,
      mac: own.macAddress,
      blocks: own.secondaryAddresses.map(hostCidr),
    })),
  };
}

function fabricInterface(own: FakeInterface, cloud: CloudState, machines: readonly CloudMachine[]): FabricInterface {
  const subnet = found(
    cloud.subnets.find(({ subnetId }) => subnetId === own.subnetId),
    own.subnetId,
  );
  return {
    id: own.networkInterfaceId,
    mac: own.macAddress,
    node: found(
      machines.find(({ instanceId }) => instanceId === own.instanceId),
      own.instanceId,
    ).name,
    ifName: `eth${own.deviceIndex}`,
    // https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html: the router has the second address.
    gateways: { 4: addressAt(subnet.cidrBlock, 1n) },
    subnetCidrs: [subnet.cidrBlock],
    primaryAddresses: [own.privateIpAddress],
    blocks: own.secondaryAddresses.map(hostCidr),
  };
}

function found<Item>(item: Item | undefined, id: string): Item {
  if (item === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `no machine or subnet has the id ${id}`);
  return item;
}
