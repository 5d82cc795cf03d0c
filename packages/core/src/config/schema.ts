import { z } from "zod";
import { type Cidr, tryParseCidr } from "../address/cidr.ts";
import { checkConsistency } from "./consistency.ts";
import { ms, poolSchema } from "./pool-schema.ts";

const name = z
  .string()
  .regex(
    /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/,
    "expected letters, digits, _ . or -, the first a letter or digit, at most 63",
  );
const networkName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, "expected the name of a CNI network");
const cidr = z.string().transform((text, context): Cidr => {
  const parsed = tryParseCidr(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: "custom", message: "expected a CIDR with its host bits zero" });
  return z.NEVER;
});

/** The one definition of podwired's configuration: types, defaults, error texts and the reference page come from it. */
export const configSchema = z
  .strictObject({
    cloud: z.enum(["aws"]).describe("Which adapter to load"),
    cluster: name.default("default").describe("Name of the cluster; marks what podwire makes in the cloud as its own"),
    runDirectory: z
      .string()
      // A unix socket's path has at most 107 bytes; no segment starts with a dot, so none leads upwards.
      .regex(/^(\/[a-zA-Z0-9_-][a-zA-Z0-9_.-]*)+$/, "expected an absolute path of letters, digits, _ . and -")
      .max(64)
      .default("/run/podwire")
      .describe("Socket, state and spool live here"),
    datapath: z.enum(["veth"]).default("veth").describe("How pods are attached to the node"),
    families: z
      .array(z.literal([4, 6]))
      .min(1)
      .max(2)
      .default([4])
      .describe("IP families every pod gets an address of"),
    pools: z
      .record(name, poolSchema)
      .default({ default: poolSchema.parse({}) })
      .describe("Named pools of addresses; the primary interface and what no pool is known of belong to default"),
    networks: z
      .record(networkName, name.describe("Name of the pool that serves this network"))
      .default({})
      .describe("Which pool serves which CNI network name; all others get the pool default"),
    egress: z
      .strictObject({
        nat: z
          .enum(["node", "external"])
          .default("node")
          .describe("node: IPv4 to outside the VPC gets the node's address; external: a NAT gateway does it"),
        excludedCidrs: z
          .array(cidr)
          .prefault([])
          .describe("Destinations outside the VPC that are to see pod addresses all the same"),
        podMetadataAccess: z.boolean().default(false).describe("Whether pods may reach the cloud's metadata server"),
      })
      .prefault({})
      .describe("What happens to traffic that leaves the VPC"),
    reconcile: z
      .strictObject({
        intervalMs: ms(3_600_000).min(100).default(60_000).describe("How often the cloud is asked what it thinks"),
        sweepIntervalMs: ms(86_400_000)
          .default(300_000)
          .describe(
            "How often interfaces that nodes left behind are looked for; seen twice and for a minute, they are deleted. 0: never",
          ),
        callTimeoutMs: ms(600_000).min(100).default(30_000).describe("How long one call of the cloud's API may take"),
      })
      .prefault({})
      .describe("Comparison of what podwire believes with what the cloud says"),
    metrics: z
      .strictObject({
        listen: z
          .string()
          .regex(/^(127\.0\.0\.1|\[::1\]):\d{1,5}$/, "expected a loopback address and a port, such as 127.0.0.1:9808")
          .optional()
          .describe("Loopback address and port for /metrics; without it they are on the socket only"),
      })
      .prefault({})
      .describe("Prometheus metrics"),
    log: z
      .strictObject({
        level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("Least level that is logged"),
      })
      .prefault({})
      .describe("Log on standard error, one JSON object a line"),
  })
  .superRefine((config, context) => {
    for (const { path, message } of checkConsistency(config)) context.addIssue({ code: "custom", path, message });
  });

export type Config = z.output<typeof configSchema>;
