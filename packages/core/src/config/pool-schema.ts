import { z } from "zod";

/** Milliseconds, from 0 to `max`. */
export const ms = (max: number) => z.int().min(0).max(max);

const count = z.int().min(0).max(100_000);

/** Targets of one pool, counted in addresses of each family the pool serves, and where its addresses come from. */
export const poolSchema = z
  .strictObject({
    warm: count.default(8).describe("Free addresses to keep ready beyond those in use"),
    warmPrefixes: z
      .int()
      .min(0)
      .max(1_000)
      .default(0)
      .describe("The same counted in whole prefixes of IPv4; the larger counts, nothing where prefixes are off"),
    warmInterfaces: z
      .int()
      .min(0)
      .max(100)
      .default(0)
      .describe("The same counted in IPv4 addresses of whole interfaces; the larger counts"),
    minimum: count.default(0).describe("Addresses to hold at least, in use or not"),
    maximum: count.optional().describe("Addresses to hold at most; default: what the instance type allows"),
    prefixes: z
      .boolean()
      .default(false)
      .describe("Take IPv4 addresses in prefixes (/28) where instance and subnet can, else one by one"),
    subnetTags: z
      .record(z.string().min(1).max(128), z.string().max(256).describe("Value of the tag"))
      .default({})
      .describe("New interfaces go into subnets of the node's zone with all of these tags; default: those in use"),
    securityGroupIds: z
      .array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,254}$/, "expected the id of a security group"))
      .max(16)
      .default([])
      .describe("Security groups of new interfaces; default: those of the primary interface"),
    cooldownMs: ms(3_600_000)
      .default(30_000)
      .describe("How long an address rests after DEL before another pod gets it"),
    releaseHoldMs: ms(86_400_000)
      .default(180_000)
      .describe("How long there must be more free addresses than warm before any are given back to the cloud"),
  })
  .describe("How many addresses to hold, and where they come from");

export type PoolConfig = z.output<typeof poolSchema>;
