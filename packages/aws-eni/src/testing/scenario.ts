import { type Cidr, PodwireError, quoteValue, tryParseAddress, tryParseCidr, tryParseMac } from "@podwire/core";
import { z } from "zod";
import { behaviourSchema } from "./behaviour.ts";

const idOf = (kind: string) => z.string().regex(new RegExp(`^${kind}-[0-9a-z-]{1,40}$`));
const tags = z.record(z.string().max(128), z.string().max(256)).default({}).describe("Tags as EC2 shows them");
const ipv4 = parsed((text) => (text.includes(".") ? tryParseAddress(text) : undefined), "an IPv4 address");
const ipv4Cidr = parsed(
  (text) => (text.includes(".") ? tryParseCidr(text) : undefined),
  "an IPv4 CIDR with host bits zero",
);
const ipv6Cidr = parsed(
  (text) => (text.includes(":") ? tryParseCidr(text) : undefined),
  "an IPv6 CIDR with host bits zero",
);
const count = z.int().min(0).max(1000);

const vpc = z.strictObject({
  vpcId: idOf("vpc"),
  cidrBlocks: z.array(ipv4Cidr).min(1).max(5).describe("The first is the VPC's own, the others were associated later"),
  ipv6CidrBlocks: z.array(ipv6Cidr).max(5).default([]),
  securityGroupIds: z
    .array(idOf("sg"))
    .min(1)
    .optional()
    .describe("The first is the default one. Default: one, named like the VPC"),
  tags,
});

const subnet = z.strictObject({
  subnetId: idOf("subnet"),
  vpcId: idOf("vpc"),
  availabilityZone: z.string().min(1),
  cidrBlock: ipv4Cidr.describe("/16 to /28, inside a block of the VPC"),
  ipv6CidrBlock: ipv6Cidr.optional().describe("Inside an IPv6 block of the VPC. Default: no IPv6"),
  tags,
  occupied: z.array(ipv4Cidr).default([]).describe("Parts that others hold, to make a subnet full or fragmented"),
  fragmented: z.boolean().default(false).describe("Others hold so much that no /28 is free, and single addresses are"),
});

const networkInterface = z.strictObject({
  networkInterfaceId: idOf("eni").optional().describe("Default: drawn from the seed"),
  subnetId: idOf("subnet").optional().describe("Default: the subnet of the instance"),
  deviceIndex: z
    .int()
    .min(0)
    .max(15)
    .optional()
    .describe("Default: the position in the list; 0 is the primary interface"),
  macAddress: parsed(tryParseMac, "a MAC address").optional().describe("Default: drawn from the seed"),
  privateIpAddress: ipv4.optional().describe("Default: the lowest free one of the subnet"),
  securityGroupIds: z.array(idOf("sg")).min(1).optional().describe("Default: the default one of the VPC"),
  secondaryPrivateIpAddressCount: count.default(0).describe("Addresses it has from the start"),
  ipv4PrefixCount: count.default(0),
  ipv6AddressCount: count.default(0).describe("The first is the interface's own"),
  ipv6PrefixCount: count.default(0),
  description: z.string().max(255).default(""),
  tags,
});

const instance = z.strictObject({
  instanceId: idOf("i").optional().describe("Default: drawn from the seed"),
  instanceType: z.string().min(1),
  subnetId: idOf("subnet"),
  networkInterfaces: z
    .array(networkInterface)
    .min(1)
    .default([networkInterface.parse({})])
    .describe("Default: one primary interface with defaults throughout"),
});

const instanceType = z.strictObject({
  instanceType: z.string().min(1),
  maximumNetworkInterfaces: z.int().min(1).max(64),
  ipv4AddressesPerInterface: z.int().min(1).max(256).describe("Counts the interface's own address"),
  ipv6AddressesPerInterface: z.int().min(0).max(256).optional().describe("0: no IPv6. Default: as many as of IPv4"),
  hypervisor: z.enum(["nitro", "xen"]).default("nitro").describe("Prefixes need nitro or bare metal"),
  bareMetal: z.boolean().default(false),
});

/**
 * What stands in the fake EC2 when it starts. The file format of people who test other software with it: JSON, names as
 * EC2 writes them, unknown keys are errors.
 *
 *     {
 *       "region": "eu-central-1",
 *       "vpcs": [{"vpcId": "vpc-1", "cidrBlocks": ["10.0.0.0/16", "100.64.0.0/16"]}],
 *       "subnets": [{"subnetId": "subnet-a", "vpcId": "vpc-1", "availabilityZone": "eu-central-1a",
 *                    "cidrBlock": "10.0.1.0/24", "tags": {"role": "pods"}, "occupied": ["10.0.1.128/25"]}],
 *       "instances": [{"instanceId": "i-1", "instanceType": "m5.large", "subnetId": "subnet-a",
 *                      "networkInterfaces": [{"privateIpAddress": "10.0.1.10"},
 *                                            {"tags": {"podwire/cluster": "default"}}]}],
 *       "instanceTypes": [{"instanceType": "tiny.nano", "maximumNetworkInterfaces": 1,
 *                          "ipv4AddressesPerInterface": 2}],
 *       "behaviour": {"latencyMs": {"AttachNetworkInterface": 2500}, "describeLagMs": 1000}
 *     }
 */
export const scenarioSchema = z.strictObject({
  region: z.string().min(1).default("eu-central-1"),
  accountId: z
    .string()
    .regex(/^\d{12}$/)
    .default("123456789012"),
  vpcs: z.array(vpc).min(1),
  subnets: z.array(subnet).min(1),
  instances: z.array(instance).default([]).describe("Launched in this order"),
  networkInterfaces: z
    .array(networkInterface.omit({ deviceIndex: true }).extend({ subnetId: idOf("subnet") }))
    .default([])
    .describe("Interfaces that no instance holds"),
  instanceTypes: z.array(instanceType).default([]).describe("Beside the real ones the fake knows"),
  behaviour: behaviourSchema.prefault({}),
});

export type Scenario = z.output<typeof scenarioSchema>;
/** As people write it: what has a default may be left out. */
export type ScenarioInput = z.input<typeof scenarioSchema>;

/** @throws INVALID_DAEMON_CONFIG naming every wrong place */
export function parseScenario(input: unknown): Scenario {
  const result = scenarioSchema.safeParse(input);
  if (result.success) return result.data;
  const places = result.error.issues.map((issue) => `${issue.path.join(".") || "the scenario"}: ${issue.message}`);
  throw invalidScenario(places.join("; "));
}

/** A scenario that is well-formed and cannot be: a subnet outside its VPC, two interfaces with one address. */
export function invalidScenario(reason: string): PodwireError {
  return new PodwireError("INVALID_DAEMON_CONFIG", `the scenario is invalid: ${reason}`, { field: "scenario" });
}

function parsed<T>(parse: (text: string) => T | undefined, what: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `${quoteValue(text)} is not ${what}` });
    return z.NEVER;
  });
}

export type ScenarioInstance = Scenario["instances"][number];
export type ScenarioInterface = ScenarioInstance["networkInterfaces"][number];
export type ScenarioSubnet = Scenario["subnets"][number] & { readonly cidrBlock: Cidr };
