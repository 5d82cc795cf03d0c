import type { Clock } from "@podwire/core";
import { type CloudState, type FakeInstance, type FakeInterface, isHeldBy, isPrimary } from "./world.ts";

/** A directory of the metadata service; a text is a leaf. */
export interface MetadataDirectory {
  /** Undefined: the service does not have it. */
  readonly [name: string]: MetadataDirectory | string | undefined;
}

/** The role every fake instance has. */
const fakeRoleName = "podwire-node";

/** What the service tells one instance, below `/latest`. */
export function metadataTree(state: CloudState, instance: FakeInstance, clock: Clock): MetadataDirectory {
  const own = state.interfaces.filter((candidate) => isHeldBy(candidate, instance.instanceId));
  const primary = own.find(isPrimary) as FakeInterface;
  return {
    "meta-data": {
      hostname: hostname(primary, state),
      iam: { "security-credentials": { [fakeRoleName]: credentials(instance, clock) } },
      "instance-id": instance.instanceId,
      "instance-type": instance.instanceType,
      "local-hostname": hostname(primary, state),
      "local-ipv4": primary.privateIpAddress,
      ipv6: primary.ipv6Addresses[0],
      mac: primary.macAddress,
      network: {
        interfaces: { macs: Object.fromEntries(own.map((one) => [one.macAddress, interfaceTree(one, state)])) },
      },
      placement: { "availability-zone": primary.availabilityZone, region: state.region },
    },
    dynamic: { "instance-identity": { document: identityDocument(state, instance, primary) } },
  };
}

/** The text at a path; for a directory its names, one a line, sub-directories with a slash. */
export function lookUp(root: MetadataDirectory, path: readonly string[]): string | undefined {
  let node: MetadataDirectory | string | undefined = root;
  for (const name of path) {
    if (typeof node !== "object" || !Object.hasOwn(node, name)) return undefined;
    node = node[name];
  }
  if (typeof node !== "object") return node;
  return Object.entries(node)
    .filter(([, child]) => child !== undefined)
    .map(([name, child]) => (typeof child === "object" ? `${name}/` : name))
    .join("\n");
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html, section network/interfaces/macs */
function interfaceTree(own: FakeInterface, state: CloudState): MetadataDirectory {
  const vpc = state.vpcs.find((candidate) => candidate.vpcId === own.vpcId);
  const subnet = state.subnets.find((candidate) => candidate.subnetId === own.subnetId);
  return {
    "device-number": String(own.attachment?.deviceIndex),
    "interface-id": own.networkInterfaceId,
    "ipv4-prefix": lines(own.ipv4Prefixes),
    "ipv6-prefix": lines(own.ipv6Prefixes),
    ipv6s: lines(own.ipv6Addresses),
    "local-hostname": hostname(own, state),
    "local-ipv4s": [own.privateIpAddress, ...own.secondaryAddresses].join("\n"),
    mac: own.macAddress,
    "owner-id": state.accountId,
    "security-group-ids": own.securityGroupIds.join("\n"),
    "subnet-id": own.subnetId,
    "subnet-ipv4-cidr-block": subnet?.cidrBlock ?? "",
    "subnet-ipv6-cidr-blocks": subnet?.ipv6CidrBlock,
    "vpc-id": own.vpcId,
    "vpc-ipv4-cidr-block": vpc?.cidrBlocks[0] ?? "",
    "vpc-ipv4-cidr-blocks": vpc?.cidrBlocks.join("\n") ?? "",
    "vpc-ipv6-cidr-blocks": lines(vpc?.ipv6CidrBlocks ?? []),
  };
}

/** The service has no empty lists. */
function lines(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join("\n");
}

function identityDocument(state: CloudState, instance: FakeInstance, primary: FakeInterface): string {
  return JSON.stringify({
    accountId: state.accountId,
    architecture: "x86_64",
    availabilityZone: primary.availabilityZone,
    imageId: "ami-00000000000000000",
    instanceId: instance.instanceId,
    instanceType: instance.instanceType,
    privateIp: primary.privateIpAddress,
    region: state.region,
    version: "2017-09-30",
  });
}

/** The fake API takes any key; this one tells it which instance calls, where the address does not. */
function credentials({ instanceId }: FakeInstance, clock: Clock): string {
  return JSON.stringify({
    Code: "Success",
    Type: "AWS-HMAC",
    AccessKeyId: instanceId,
    SecretAccessKey: "fake",
    Token: "fake",
    Expiration: new Date(clock.wallMs() + 6 * 3_600_000).toISOString(),
  });
}

function hostname(own: FakeInterface, state: CloudState): string {
  return `ip-${own.privateIpAddress.replaceAll(".", "-")}.${state.region}.compute.internal`;
}
