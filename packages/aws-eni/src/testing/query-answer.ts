import type { Ec2Action } from "../api.ts";
import type { Ec2Answer, Ec2Answers } from "./answers.ts";
import type { Described } from "./describe.ts";
import type { FakeAttachment, FakeInterface, FakeVpc } from "./world.ts";

/** A value as EC2 writes it in XML: an object is its elements, an array its `<item>`s. */
type XmlValue = string | number | boolean | readonly XmlValue[] | { readonly [name: string]: XmlValue | undefined };

/** Who answers, as it stands in every answer. */
export interface AnswerContext {
  readonly accountId: string;
  readonly requestId: string;
}

/** The answer document of an action. */
export function renderAnswer(answer: Ec2Answer, { accountId, requestId }: AnswerContext): string {
  const root = `${answer.action}Response`;
  const view = viewOf(answer, accountId);
  const elements = xmlOf({ requestId, ...view });
  return `${declaration}<${root} xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${elements}</${root}>`;
}

/** The error document, as in https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonErrors.html */
export function renderError(code: string, message: string, requestId: string): string {
  const error = `<Error>${xmlOf({ Code: code, Message: message })}</Error>`;
  return `${declaration}<Response><Errors>${error}</Errors><RequestID>${requestId}</RequestID></Response>`;
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

type View = { readonly [name: string]: XmlValue | undefined };

type Views = { readonly [A in Ec2Action]: (answer: Ec2Answers[A], accountId: string) => View };

const views: Views = {
  DescribeInstanceTypes: ({ items, nextToken }) => ({
    instanceTypeSet: items.map((type) => ({
      instanceType: type.instanceType,
      hypervisor: type.hypervisor,
      bareMetal: type.bareMetal,
      networkInfo: {
        maximumNetworkInterfaces: type.maximumNetworkInterfaces,
        ipv4AddressesPerInterface: type.ipv4AddressesPerInterface,
        ipv6AddressesPerInterface: type.ipv6AddressesPerInterface,
        ipv6Supported: type.ipv6AddressesPerInterface > 0,
      },
    })),
    nextToken,
  }),
  DescribeNetworkInterfaces: ({ items, nextToken }, accountId) => ({
    networkInterfaceSet: items.map((own) => networkInterfaceView(own, accountId)),
    nextToken,
  }),
  DescribeSubnets: ({ items, nextToken }) => ({ subnetSet: items.map(subnetView), nextToken }),
  DescribeVpcs: ({ items, nextToken }) => ({ vpcSet: items.map(vpcView), nextToken }),
  AssignPrivateIpAddresses: ({ networkInterfaceId, addresses, prefixes }) => ({
    networkInterfaceId,
    assignedPrivateIpAddressesSet: addresses.map((privateIpAddress) => ({ privateIpAddress })),
    assignedIpv4PrefixSet: prefixes.map((ipv4Prefix) => ({ ipv4Prefix })),
    return: true,
  }),
  UnassignPrivateIpAddresses: () => ({ return: true }),
  // Prefixes of IPv6 are texts here, and objects in a description of the interface.
  AssignIpv6Addresses: ({ networkInterfaceId, addresses, prefixes }) => ({
    networkInterfaceId,
    assignedIpv6Addresses: addresses,
    assignedIpv6PrefixSet: prefixes,
  }),
  UnassignIpv6Addresses: ({ networkInterfaceId, addresses, prefixes }) => ({
    networkInterfaceId,
    unassignedIpv6Addresses: addresses,
    unassignedIpv6PrefixSet: prefixes,
  }),
  CreateNetworkInterface: (own, accountId) => ({ networkInterface: networkInterfaceView(own, accountId) }),
  AttachNetworkInterface: ({ attachmentId }) => ({ attachmentId, networkCardIndex: 0 }),
  ModifyNetworkInterfaceAttribute: () => ({ return: true }),
  DetachNetworkInterface: () => ({ return: true }),
  DeleteNetworkInterface: () => ({ return: true }),
};

function viewOf({ action, answer }: Ec2Answer, accountId: string): View {
  return (views[action] as (answer: unknown, accountId: string) => View)(answer, accountId);
}

function networkInterfaceView(own: FakeInterface, accountId: string): XmlValue {
  return {
    networkInterfaceId: own.networkInterfaceId,
    subnetId: own.subnetId,
    vpcId: own.vpcId,
    availabilityZone: own.availabilityZone,
    description: own.description,
    ownerId: accountId,
    requesterManaged: false,
    status: own.attachment === undefined ? "available" : "in-use",
    interfaceType: "interface",
    macAddress: own.macAddress,
    privateIpAddress: own.privateIpAddress,
    sourceDestCheck: true,
    groupSet: own.securityGroupIds.map((groupId) => ({ groupId, groupName: groupId })),
    attachment: own.attachment === undefined ? undefined : attachmentView(own.attachment, accountId),
    tagSet: tagSet(own.tags),
    privateIpAddressesSet: [
      { privateIpAddress: own.privateIpAddress, primary: true },
      ...own.secondaryAddresses.map((privateIpAddress) => ({ privateIpAddress, primary: false })),
    ],
    ipv4PrefixSet: own.ipv4Prefixes.map((ipv4Prefix) => ({ ipv4Prefix })),
    ipv6AddressesSet: own.ipv6Addresses.map((ipv6Address) => ({ ipv6Address })),
    ipv6PrefixSet: own.ipv6Prefixes.map((ipv6Prefix) => ({ ipv6Prefix })),
  };
}

function attachmentView(attachment: FakeAttachment, accountId: string): XmlValue {
  return { ...attachment, instanceOwnerId: accountId, networkCardIndex: 0, status: "attached" };
}

function subnetView(subnet: Described["DescribeSubnets"]): XmlValue {
  return {
    subnetId: subnet.subnetId,
    state: "available",
    vpcId: subnet.vpcId,
    cidrBlock: subnet.cidrBlock,
    ipv6CidrBlockAssociationSet: ipv6Associations(
      subnet.subnetId.replace("subnet-", "subnet-cidr-assoc-"),
      subnet.ipv6CidrBlock === undefined ? [] : [subnet.ipv6CidrBlock],
    ),
    availableIpAddressCount: subnet.availableIpAddressCount,
    availabilityZone: subnet.availabilityZone,
    defaultForAz: false,
    mapPublicIpOnLaunch: false,
    tagSet: tagSet(subnet.tags),
  };
}

function vpcView(vpc: FakeVpc): XmlValue {
  return {
    vpcId: vpc.vpcId,
    state: "available",
    cidrBlock: vpc.cidrBlocks[0] ?? "",
    cidrBlockAssociationSet: vpc.cidrBlocks.map((cidrBlock, index) => ({
      associationId: `${vpc.vpcId.replace("vpc-", "vpc-cidr-assoc-")}${index}`,
      cidrBlock,
      cidrBlockState: { state: "associated" },
    })),
    ipv6CidrBlockAssociationSet: ipv6Associations(vpc.vpcId.replace("vpc-", "vpc-cidr-assoc-v6-"), vpc.ipv6CidrBlocks),
    isDefault: false,
    tagSet: tagSet(vpc.tags),
  };
}

function ipv6Associations(idStart: string, cidrBlocks: readonly string[]): XmlValue {
  return cidrBlocks.map((ipv6CidrBlock, index) => ({
    associationId: `${idStart}${index}`,
    ipv6CidrBlock,
    ipv6CidrBlockState: { state: "associated" },
  }));
}

function tagSet(tags: Readonly<Record<string, string>>): XmlValue {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function xmlOf(value: XmlValue): string {
  if (typeof value !== "object") return escapeXml(String(value));
  if (Array.isArray(value)) return value.map((item: XmlValue) => `<item>${xmlOf(item)}</item>`).join("");
  return Object.entries(value as View)
    .map(([name, child]) => (child === undefined ? "" : `<${name}>${xmlOf(child)}</${name}>`))
    .join("");
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
