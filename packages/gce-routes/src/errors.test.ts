import { describe, expect, test } from "vitest";
import { type ComputeFailure, errorOfFailure, isFingerprintMismatch } from "./errors.ts";

const read = { action: "instances.get", object: "node-1" } as const;
const change = { action: "instances.updateNetworkInterface", object: "node-1 nic0" } as const;
const refused = (reason: string, httpStatus: number, message = "text"): ComputeFailure => ({
  kind: "refused",
  reason,
  message,
  httpStatus,
});
const ended = (code: string, httpStatus = 400): ComputeFailure => ({
  kind: "operation",
  code,
  message: "m",
  httpStatus,
});

describe("what Compute Engine's reasons mean", () => {
  test.each([
    [refused("rateLimitExceeded", 403), "CLOUD_THROTTLED", "CLOUD_THROTTLED"],
    [refused("quotaExceeded", 403, "Quota 'Read requests per minute' exceeded"), "CLOUD_THROTTLED", "CLOUD_THROTTLED"],
    [refused("quotaExceeded", 403), "CLOUD_LIMIT", "CLOUD_LIMIT"],
    [refused("anything", 429), "CLOUD_THROTTLED", "CLOUD_THROTTLED"],
    [refused("conditionNotMet", 412), "CLOUD_CONFLICT", "CLOUD_CONFLICT"],
    [refused("unknown", 412), "CLOUD_CONFLICT", "CLOUD_CONFLICT"],
    [refused("alreadyExists", 409), "CLOUD_CONFLICT", "CLOUD_CONFLICT"],
    [refused("resourceNotReady", 400), "CLOUD_CONFLICT", "CLOUD_CONFLICT"],
    [refused("notFound", 404), "CLOUD_NOT_FOUND", "CLOUD_NOT_FOUND"],
    [refused("forbidden", 403), "CLOUD_PERMISSION", "CLOUD_PERMISSION"],
    [refused("unknown", 403), "CLOUD_PERMISSION", "CLOUD_PERMISSION"],
    [refused("required", 401, "Login Required."), "CLOUD_CREDENTIALS", "CLOUD_CREDENTIALS"],
    [refused("authError", 401), "CLOUD_CREDENTIALS", "CLOUD_CREDENTIALS"],
    [refused("invalid", 400), "CLOUD_REJECTED", "CLOUD_REJECTED"],
    [refused("backendError", 503), "CLOUD_UNREACHABLE", "CLOUD_OUTCOME_UNKNOWN"],
    [refused("brandNew", 500), "CLOUD_UNREACHABLE", "CLOUD_OUTCOME_UNKNOWN"],
    [ended("IP_SPACE_EXHAUSTED"), "SUBNET_EXHAUSTED", "SUBNET_EXHAUSTED"],
    [ended("IP_SPACE_EXHAUSTED_WITH_DETAILS"), "SUBNET_EXHAUSTED", "SUBNET_EXHAUSTED"],
    [ended("CONDITION_NOT_MET", 412), "CLOUD_CONFLICT", "CLOUD_CONFLICT"],
    [ended("QUOTA_EXCEEDED", 403), "CLOUD_LIMIT", "CLOUD_LIMIT"],
    [ended("RESOURCE_NOT_FOUND", 404), "CLOUD_NOT_FOUND", "CLOUD_NOT_FOUND"],
    [ended("INTERNAL_ERROR", 500), "CLOUD_UNREACHABLE", "CLOUD_OUTCOME_UNKNOWN"],
    [ended("INVALID_USAGE"), "CLOUD_REJECTED", "CLOUD_REJECTED"],
    [{ kind: "unanswered", message: "reset" }, "CLOUD_UNREACHABLE", "CLOUD_OUTCOME_UNKNOWN"],
    [{ kind: "unanswered", message: "page", httpStatus: 503 }, "CLOUD_THROTTLED", "CLOUD_OUTCOME_UNKNOWN"],
    [{ kind: "unsent", message: "refused" }, "CLOUD_UNREACHABLE", "CLOUD_UNREACHABLE"],
    [{ kind: "no-credentials", message: "none" }, "CLOUD_CREDENTIALS", "CLOUD_CREDENTIALS"],
    [{ kind: "aborted" }, "CANCELLED", "CLOUD_OUTCOME_UNKNOWN"],
  ] as const)("%j", (failure, ofRead, ofChange) => {
    const codes = [read, change].map((call) => errorOfFailure(call, failure as ComputeFailure).code);
    expect(codes).toEqual([ofRead, ofChange]);
  });
});

test("without room for a prefix there may be single addresses", () => {
  const error = errorOfFailure({ ...change, asked: "prefixes" }, ended("IP_SPACE_EXHAUSTED"));
  expect(error.code).toBe("SUBNET_FRAGMENTED");
});

test("a missing permission is named, and the vendor's words are kept", () => {
  const error = errorOfFailure(change, refused("forbidden", 403, "Required 'x' permission"));
  expect(error.message).toContain("compute.instances.updateNetworkInterface");
  expect(error.details).toBe("compute.instances.updateNetworkInterface: forbidden: Required 'x' permission (HTTP 403)");
});

test("a stale fingerprint is told from other conflicts, at once and in the operation", () => {
  const conflicts = [refused("conditionNotMet", 412), ended("CONDITION_NOT_MET", 412), refused("alreadyExists", 409)];
  expect(conflicts.map((one) => isFingerprintMismatch(errorOfFailure(change, one)))).toEqual([true, true, false]);
});

test("the time to wait is passed on", () => {
  const failure = { ...refused("rateLimitExceeded", 403), retryAfterMs: 7000 } as ComputeFailure;
  expect(errorOfFailure(read, failure).retryAfterMs).toBe(7000);
});
