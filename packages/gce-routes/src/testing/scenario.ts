import { type Cidr, PodwireError, parseAddress, parseCidr, tryParseAddress, tryParseCidr } from "@podwire/core";
import { z } from "zod";

const name = z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, "is no name that Compute Engine takes");
const cidr = z
  .string()
  .refine((text) => tryParseCidr(text) !== undefined, "is no CIDR")
  .transform((text): Cidr => parseCidr(text));
const address = z
  .string()
  .refine((text) => tryParseAddress(text) !== undefined, "is no address")
  .transform((text) => parseAddress(text));

const network = z.strictObject({
  name,
  mtu: z.int().min(1300).max(8896).default(1460),
  staticRoutesPerNetwork: z.int().min(0).default(250).describe("Quota; the number is not Google's (unverified)"),
});

const subnetwork = z.strictObject({
  name,
  network: name,
  region: name,
  ipCidrRange: cidr,
  secondaryIpRanges: z.array(z.strictObject({ rangeName: name, ipCidrRange: cidr })).default([]),
});

const aliasRange = z.strictObject({ ipCidrRange: z.string().min(2), subnetworkRangeName: name.optional() });

const networkInterface = z.strictObject({
  subnetwork: name,
  networkIP: address.optional().describe("Default: the lowest free one of the primary range"),
  aliasIpRanges: z.array(aliasRange).default([]),
});

const instance = z.strictObject({
  name,
  zone: name,
  machineType: z.string().min(1).default("e2-standard-4"),
  canIpForward: z.boolean().default(false),
  networkInterfaces: z.array(networkInterface).min(1).describe("One for each network, the first is nic0"),
});

const route = z.strictObject({
  name,
  description: z.string().default(""),
  network: name,
  destRange: cidr,
  priority: z.int().min(0).max(65_535).default(1000),
  nextHopInstance: z.string().optional(),
  nextHopGateway: z.string().optional(),
});

/** What stands in the fake Compute Engine when it starts: JSON in its words, unknown keys are errors. */
export const scenarioSchema = z.strictObject({
  project: name.default("p1"),
  projectNumber: z.string().regex(/^\d+$/).default("123456789012"),
  networks: z.array(network).min(1),
  subnetworks: z.array(subnetwork).min(1),
  instances: z.array(instance).default([]),
  routes: z.array(route).default([]),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioInput = z.input<typeof scenarioSchema>;

/** @throws INVALID_DAEMON_CONFIG naming every wrong place */
export function parseScenario(input: unknown): Scenario {
  const result = scenarioSchema.safeParse(input);
  if (result.success) return result.data;
  const places = result.error.issues.map((issue) => `${issue.path.join(".") || "the scenario"}: ${issue.message}`);
  throw invalidScenario(places.join("; "));
}

/** A scenario that is well-formed and cannot be. */
export function invalidScenario(reason: string): PodwireError {
  return new PodwireError("INVALID_DAEMON_CONFIG", `the scenario is invalid: ${reason}`, { field: "scenario" });
}
