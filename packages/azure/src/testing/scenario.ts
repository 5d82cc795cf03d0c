import { PodwireError, tryParseAddress, tryParseCidr, tryParseMac } from "@podwire/core";
import { z } from "zod";

const name = z.string().regex(/^[0-9A-Za-z][\w.-]{0,79}$/);
const tags = z.record(z.string().max(512), z.string().max(256)).default({});
const cidr = parsed(tryParseCidr, "a CIDR with host bits zero");
const ipv4 = parsed((text) => (text.includes(".") ? tryParseAddress(text) : undefined), "an IPv4 address");

const subnet = z.strictObject({
  name,
  addressPrefixes: z.array(cidr).min(1).max(2).describe("Of IPv4, and perhaps of IPv6"),
  routeTable: name.optional().describe("Name of the route table that is associated with it"),
});

const virtualNetwork = z.strictObject({
  name,
  addressPrefixes: z.array(cidr).min(1),
  subnets: z.array(subnet).min(1),
});

const configuration = z.strictObject({
  name,
  privateIPAddress: ipv4.optional().describe("Default: the lowest free one"),
  properties: z.record(z.string(), z.unknown()).default({}).describe("Whatever else ARM would write there"),
});

const networkInterface = z.strictObject({
  name,
  subnet: z
    .string()
    .regex(/^[^/]+\/[^/]+$/)
    .describe("Network and subnet, by name: `net/sub`"),
  macAddress: parsed(tryParseMac, "a MAC address").optional().describe("Default: drawn from the seed"),
  enableIPForwarding: z.boolean().default(false),
  ipConfigurations: z.array(configuration).min(1).optional().describe("The first is primary. Default: one, `primary`"),
  properties: z.record(z.string(), z.unknown()).default({}).describe("Whatever else ARM would write there"),
  tags,
});

const virtualMachine = z.strictObject({
  name,
  vmSize: z.string().default("Standard_D4s_v5"),
  zone: z.string().regex(/^\d?$/).default("1").describe("Empty: in none"),
  networkInterfaces: z.array(networkInterface).min(1).describe("The first is primary"),
});

const routeTable = z.strictObject({
  name,
  routes: z
    .array(
      z.strictObject({
        name,
        addressPrefix: cidr,
        nextHopType: z.string().default("VirtualAppliance"),
        nextHopIpAddress: z.string().optional(),
      }),
    )
    .default([]),
});

const scenarioSchema = z.strictObject({
  subscriptionId: z.string().default("00000000-0000-4000-8000-000000000001"),
  resourceGroup: name.default("podwire"),
  location: z.string().default("germanywestcentral"),
  virtualNetworks: z.array(virtualNetwork).min(1),
  virtualMachines: z.array(virtualMachine).default([]),
  routeTables: z.array(routeTable).default([]),
  /** Limits of the subscription. */
  addressesPerInterface: z.int().min(1).default(256),
  routesPerTable: z.int().min(0).default(400),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioInput = z.input<typeof scenarioSchema>;
export type ScenarioInterface = Scenario["virtualMachines"][number]["networkInterfaces"][number];

/** @throws INVALID_DAEMON_CONFIG naming every wrong place */
export function parseScenario(input: unknown): Scenario {
  const result = scenarioSchema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new PodwireError("INVALID_DAEMON_CONFIG", `the scenario cannot be: ${issues.join("; ")}`);
}

function parsed<T extends string>(parse: (text: string) => T | undefined, what: string) {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `must be ${what}` });
    return z.NEVER;
  });
}
