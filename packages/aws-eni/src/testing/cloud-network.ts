import { addressAt, type Cidr, hostCidr, PodwireError, parseAddress } from "@podwire/core";
import type { CloudFacts, FabricInterface, FabricState } from "@podwire/testkit";
import { type CloudState, type FakeInterface, isHeldBy } from "./world.ts";

/** An instance and the name its namespace has. */
export interface CloudMachine {
  readonly name: string;
  readonly instanceId: string;
}

/** What EC2 says, as the fabric understands it. @throws CLOUD_NOT_FOUND the state does not hang together */
export function fabricStateOf(cloud: CloudState, machines: readonly CloudMachine[]): FabricState {
  return {
    nodes: machines.map(({ name }) => name),
    interfaces: cloud.interfaces.flatMap((own) => {
      const { attachment } = own;
      return attachment === undefined ? [] : [fabricInterface({ ...own, attachment }, cloud, machines)];
    }),
    routes: [],
  };
}

/** What EC2 says of one instance, as the audit wants it. */
export function cloudFactsOf(cloud: CloudState, instanceId: string): CloudFacts {
  const interfaces = cloud.interfaces.filter((own) => isHeldBy(own, instanceId));
  return {
    interfaces: interfaces.map((own) => ({
      id: own.networkInterfaceId,
      mac: own.macAddress,
      blocks: blocksOf(own),
    })),
  };
}

type AttachedInterface = FakeInterface & Required<Pick<FakeInterface, "attachment">>;

/** An interface that no instance holds is not in the network. */
function fabricInterface(
  own: AttachedInterface,
  cloud: CloudState,
  machines: readonly CloudMachine[],
): FabricInterface {
  const subnet = found(
    cloud.subnets.find(({ subnetId }) => subnetId === own.subnetId),
    own.subnetId,
  );
  const subnetCidrs =
    subnet.ipv6CidrBlock === undefined ? [subnet.cidrBlock] : [subnet.cidrBlock, subnet.ipv6CidrBlock];
  return {
    id: own.networkInterfaceId,
    mac: own.macAddress,
    node: found(
      machines.find(({ instanceId }) => instanceId === own.attachment.instanceId),
      own.attachment.instanceId,
    ).name,
    ifName: `eth${own.attachment.deviceIndex}`,
    // Said here again and not taken from the adapter, so that it is caught when it says something else:
    // https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    gateways: {
      4: addressAt(subnet.cidrBlock, 1n),
      ...(subnet.ipv6CidrBlock === undefined ? {} : { 6: parseAddress("fe80:ec2::1") }),
    },
    subnetCidrs,
    primaryAddresses: [own.privateIpAddress, ...own.ipv6Addresses.slice(0, 1)],
    blocks: blocksOf(own),
  };
}

/** What EC2 delivers beside the interface's own addresses. */
function blocksOf(own: FakeInterface): readonly Cidr[] {
  const addresses = [...own.secondaryAddresses, ...own.ipv6Addresses.slice(1)];
  return [...addresses.map(hostCidr), ...own.ipv4Prefixes, ...own.ipv6Prefixes];
}

function found<Item>(item: Item | undefined, id: string): Item {
  if (item === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `no machine or subnet has the id ${id}`);
  return item;
}
