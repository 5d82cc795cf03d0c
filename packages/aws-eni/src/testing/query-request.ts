import { type Ec2Action, ec2Actions, type Filter } from "../api.ts";
import type { Refusal } from "./refusal-row.ts";
import { httpStatusByCode } from "./refusals.ts";
import type { Ec2Command, TagSpecification } from "./requests.ts";

/** How a field of a request is written as parameters: `texts` are Name.1, Name.2, …; `filters` are Filter.1.Name, …. */
type FieldKind = "text" | "integer" | "flag" | "texts" | "filters" | "tag-specifications";

interface Field {
  readonly parameter: string;
  readonly kind: FieldKind;
  readonly required?: true;
}

type Fields = Readonly<Record<string, Field>>;

const paging: Fields = {
  filters: { parameter: "Filter", kind: "filters" },
  maxResults: { parameter: "MaxResults", kind: "integer" },
  nextToken: { parameter: "NextToken", kind: "text" },
  dryRun: { parameter: "DryRun", kind: "flag" },
};

const fieldsByAction: Readonly<Record<Ec2Action, Fields>> = {
  DescribeInstanceTypes: { ...paging, instanceTypes: { parameter: "InstanceType", kind: "texts" } },
  DescribeNetworkInterfaces: { ...paging, networkInterfaceIds: { parameter: "NetworkInterfaceId", kind: "texts" } },
  DescribeSubnets: { ...paging, subnetIds: { parameter: "SubnetId", kind: "texts" } },
  DescribeVpcs: { ...paging, vpcIds: { parameter: "VpcId", kind: "texts" } },
  AssignPrivateIpAddresses: {
    networkInterfaceId: { parameter: "NetworkInterfaceId", kind: "text", required: true },
    secondaryPrivateIpAddressCount: { parameter: "SecondaryPrivateIpAddressCount", kind: "integer" },
    privateIpAddresses: { parameter: "PrivateIpAddress", kind: "texts" },
    ipv4PrefixCount: { parameter: "Ipv4PrefixCount", kind: "integer" },
    ipv4Prefixes: { parameter: "Ipv4Prefix", kind: "texts" },
    dryRun: { parameter: "DryRun", kind: "flag" },
  },
  UnassignPrivateIpAddresses: {
    networkInterfaceId: { parameter: "NetworkInterfaceId", kind: "text", required: true },
    privateIpAddresses: { parameter: "PrivateIpAddress", kind: "texts" },
    ipv4Prefixes: { parameter: "Ipv4Prefix", kind: "texts" },
    dryRun: { parameter: "DryRun", kind: "flag" },
  },
  AssignIpv6Addresses: {
    networkInterfaceId: { parameter: "NetworkInterfaceId", kind: "text", required: true },
    ipv6AddressCount: { parameter: "Ipv6AddressCount", kind: "integer" },
    ipv6Addresses: { parameter: "Ipv6Addresses", kind: "texts" },
    ipv6PrefixCount: { parameter: "Ipv6PrefixCount", kind: "integer" },
    ipv6Prefixes: { parameter: "Ipv6Prefix", kind: "texts" },
    dryRun: { parameter: "DryRun", kind: "flag" },
  },
  UnassignIpv6Addresses: {
    networkInterfaceId: { parameter: "NetworkInterfaceId", kind: "text", required: true },
    ipv6Addresses: { parameter: "Ipv6Addresses", kind: "texts" },
    ipv6Prefixes: { parameter: "Ipv6Prefix", kind: "texts" },
    dryRun: { parameter: "DryRun", kind: "flag" },
  },
  CreateNetworkInterface: {
    subnetId: { parameter: "SubnetId", kind: "text", required: true },
    description: { parameter: "Description", kind: "text" },
    securityGroupIds: { parameter: "SecurityGroupId", kind: "texts" },
    secondaryPrivateIpAddressCount: { parameter: "SecondaryPrivateIpAddressCount", kind: "integer" },
    ipv4PrefixCount: { parameter: "Ipv4PrefixCount", kind: "integer" },
    ipv6AddressCount: { parameter: "Ipv6AddressCount", kind: "integer" },
    ipv6PrefixCount: { parameter: "Ipv6PrefixCount", kind: "integer" },
    clientToken: { parameter: "ClientToken", kind: "text" },
    tagSpecifications: { parameter: "TagSpecification", kind: "tag-specifications" },
    dryRun: { parameter: "DryRun", kind: "flag" },
  },
  AttachNetworkInterface: {
    networkInterfaceId: { parameter: "NetworkInterfaceId", kind: "text", required: true },
    instanceId: { parameter: "InstanceId", kind: "text", required: true },
    deviceIndex: { parameter: "DeviceIndex", kind: "integer", required: true },
    networkCardIndex: { parameter: "NetworkCardIndex", kind: "integer" },
    dryRun: { parameter: "DryRun", kind: "flag" },
  },
  ModifyNetworkInterfaceAttribute: {
    networkInterfaceId: { parameter: "NetworkInterfaceId", kind: "text", required: true },
    attachmentId: { parameter: "Attachment.AttachmentId", kind: "text", required: true },
    deleteOnTermination: { parameter: "Attachment.DeleteOnTermination", kind: "flag", required: true },
    dryRun: { parameter: "DryRun", kind: "flag" },
  },
  DetachNetworkInterface: {
    attachmentId: { parameter: "AttachmentId", kind: "text", required: true },
    dryRun: { parameter: "DryRun", kind: "flag" },
  },
  DeleteNetworkInterface: {
    networkInterfaceId: { parameter: "NetworkInterfaceId", kind: "text", required: true },
    dryRun: { parameter: "DryRun", kind: "flag" },
  },
};

const apiVersion = "2016-11-15";

/** The command in a form-encoded body, or why there is none. What the fake does not know it refuses, never ignores. */
export function parseQueryRequest(body: string): Ec2Command | Refusal {
  const parameters = new Map(new URLSearchParams(body));
  const action = parameters.get("Action");
  if (action === undefined) return refuse("MissingAction", "No action was specified.");
  if (!isKnownAction(action)) {
    return refuse("InvalidAction", `The action ${action} is not valid for this web service.`);
  }
  const version = parameters.get("Version");
  if (version !== apiVersion) return refuse("NoSuchVersion", `The requested version (${version}) is not valid.`);
  parameters.delete("Action");
  parameters.delete("Version");
  return parseFields(action, parameters);
}

/** Takes what it reads out of `parameters`; what is left is unknown. */
function parseFields(action: Ec2Action, parameters: Map<string, string>): Ec2Command | Refusal {
  const request: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fieldsByAction[action])) {
    const value = parseField(field, parameters);
    if (value !== undefined && Number.isNaN(value)) {
      return refuse("InvalidParameterValue", `Invalid value for parameter ${field.parameter}: not an integer`);
    }
    if (value === undefined && field.required) {
      return refuse("MissingParameter", `The request must contain the parameter ${field.parameter}`);
    }
    if (value !== undefined) request[name] = value;
  }
  const [unknown] = parameters.keys();
  if (unknown !== undefined) return refuse("UnknownParameter", `The parameter ${unknown} is not recognized`);
  return { action, request } as unknown as Ec2Command;
}

function parseField({ parameter, kind }: Field, parameters: Map<string, string>): unknown {
  if (kind === "texts") return takeList(parameter, parameters);
  if (kind === "filters") return takeFilters(parameter, parameters);
  if (kind === "tag-specifications") return takeTagSpecifications(parameter, parameters);
  const text = take(parameter, parameters);
  if (text === undefined || kind === "text") return text;
  if (kind === "flag") return text === "true";
  return /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}

function takeFilters(parameter: string, parameters: Map<string, string>): readonly Filter[] | undefined {
  const filters: Filter[] = [];
  for (let i = 1; ; i++) {
    const name = take(`${parameter}.${i}.Name`, parameters);
    if (name === undefined) return filters.length === 0 ? undefined : filters;
    filters.push({ name, values: takeList(`${parameter}.${i}.Value`, parameters) ?? [] });
  }
}

function takeTagSpecifications(
  parameter: string,
  parameters: Map<string, string>,
): readonly TagSpecification[] | undefined {
  const specifications: TagSpecification[] = [];
  for (let i = 1; ; i++) {
    const resourceType = take(`${parameter}.${i}.ResourceType`, parameters);
    if (resourceType === undefined) return specifications.length === 0 ? undefined : specifications;
    specifications.push({ resourceType, tags: takeTags(`${parameter}.${i}.Tag`, parameters) });
  }
}

function takeTags(parameter: string, parameters: Map<string, string>): Readonly<Record<string, string>> {
  const tags: Record<string, string> = {};
  for (let i = 1; ; i++) {
    const key = take(`${parameter}.${i}.Key`, parameters);
    if (key === undefined) return tags;
    tags[key] = take(`${parameter}.${i}.Value`, parameters) ?? "";
  }
}

function takeList(parameter: string, parameters: Map<string, string>): readonly string[] | undefined {
  const values: string[] = [];
  for (let i = 1; ; i++) {
    const value = take(`${parameter}.${i}`, parameters);
    if (value === undefined) return values.length === 0 ? undefined : values;
    values.push(value);
  }
}

function take(parameter: string, parameters: Map<string, string>): string | undefined {
  const value = parameters.get(parameter);
  parameters.delete(parameter);
  return value;
}

function isKnownAction(action: string): action is Ec2Action {
  return Object.hasOwn(ec2Actions, action);
}

function refuse(code: string, message: string): Refusal {
  return { code, message, httpStatus: httpStatusByCode[code] ?? 400 };
}
