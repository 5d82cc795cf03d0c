import { FaultPlan, type FaultRule, type SeededRandom } from "@podwire/testkit";
import { z } from "zod";
import { type Ec2Action, ec2Actions } from "../api.ts";
import type { AdmissionOptions } from "./admission.ts";

const ms = z.int().min(0).max(600_000);
const action = z.enum(Object.keys(ec2Actions) as [Ec2Action, ...Ec2Action[]]);

const effect = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("fail"),
    code: z.string().min(1),
    message: z.string().optional(),
    retryAfterMs: ms.optional(),
  }),
  z.strictObject({ kind: z.literal("lose-answer"), how: z.enum(["reset", "truncated", "html-503"]).optional() }),
  z.strictObject({ kind: z.literal("delay"), delayMs: ms, when: z.enum(["before", "after"]).optional() }),
  z.strictObject({ kind: z.literal("partial"), atMost: z.int().min(0) }),
]);

const fault = z.strictObject({
  action: z.string().min(1).describe("One of EC2's, `Metadata`, or `*`"),
  when: z.union([
    z.literal("always"),
    z.strictObject({ nth: z.int().min(1) }),
    z.strictObject({ probability: z.number().min(0).max(1) }),
  ]),
  caller: z.string().optional().describe("Only calls of this instance"),
  times: z.int().min(1).optional().describe("How often at most"),
  effect,
});

/** How the fake cloud answers, beside what stands in it: slow, late, too often, wrong. */
export const behaviourSchema = z.strictObject({
  latencyMs: z.partialRecord(action, ms).default({}).describe("How long a call takes, by action"),
  describeLagMs: ms.default(0).describe("How long DescribeNetworkInterfaces lags behind"),
  metadataLagMs: ms.default(0).describe("How long the metadata service lags behind"),
  throttling: z
    .partialRecord(action, z.strictObject({ capacity: z.number().min(0), refillPerSecond: z.number().min(0) }))
    .default({})
    .describe("A token bucket, by action"),
  denied: z.array(action).default([]).describe("Actions nobody is allowed"),
  faults: z.array(fault).default([]).describe("What goes wrong, in the words of the testkit's fault plan"),
});

export type Behaviour = z.output<typeof behaviourSchema>;

export function admissionOf({ throttling, denied }: Behaviour): AdmissionOptions {
  return { denied, buckets: throttling as NonNullable<AdmissionOptions["buckets"]> };
}

export function faultPlanOf({ faults }: Behaviour, random: SeededRandom): FaultPlan {
  return new FaultPlan(faults as readonly FaultRule[], random);
}
