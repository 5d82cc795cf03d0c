import { expect, test } from "vitest";
import { acceptanceOf, failureOfAnswer, operationStateOf } from "./arm-answer.ts";
import { type ArmCall, errorOfFailure } from "./errors.ts";
import { failureOfThrown } from "./thrown-failure.ts";

const read: ArmCall = { action: "networkInterfaces.get", object: "nic-1" };
const write: ArmCall = { action: "networkInterfaces.createOrUpdate", object: "nic-1" };

const documents = [
  { code: "TooManyRequests", status: 429, expected: "CLOUD_THROTTLED" },
  { code: "SubscriptionRequestsThrottled", status: 429, expected: "CLOUD_THROTTLED" },
  { code: "SomethingNew", status: 429, expected: "CLOUD_THROTTLED" },
  { code: "RetryableError", status: 429, expected: "CLOUD_CONFLICT" },
  { code: "RetryableErrorDueToAnotherOperation", status: 429, expected: "CLOUD_CONFLICT" },
  { code: "AnotherOperationInProgress", status: 409, expected: "CLOUD_CONFLICT" },
  { code: "PreconditionFailed", status: 412, expected: "CLOUD_CONFLICT" },
  { code: "SomethingNew", status: 412, expected: "CLOUD_CONFLICT" },
  { code: "SubnetIsFull", status: 400, expected: "SUBNET_EXHAUSTED" },
  { code: "SubnetFull", status: 400, expected: "SUBNET_EXHAUSTED" },
  { code: "PrivateIPAddressLimitReached", status: 400, expected: "CLOUD_LIMIT" },
  { code: "QuotaExceeded", status: 409, expected: "CLOUD_LIMIT" },
  { code: "AuthorizationFailed", status: 403, expected: "CLOUD_PERMISSION" },
  { code: "LinkedAuthorizationFailed", status: 403, expected: "CLOUD_PERMISSION" },
  { code: "ExpiredAuthenticationToken", status: 401, expected: "CLOUD_CREDENTIALS" },
  { code: "InvalidAuthenticationTokenTenant", status: 401, expected: "CLOUD_CREDENTIALS" },
  { code: "ResourceGroupNotFound", status: 404, expected: "CLOUD_NOT_FOUND" },
  { code: "InvalidRequestFormat", status: 400, expected: "CLOUD_REJECTED" },
  { code: "InternalServerError", status: 500, expected: "CLOUD_OUTCOME_UNKNOWN" },
  { code: "SomethingNew", status: 502, expected: "CLOUD_OUTCOME_UNKNOWN" },
] as const;

test.each(documents)("$code with HTTP $status is $expected for a write", ({ code, status, expected }) => {
  expect(errorFor(write, status, { error: { code, message: "text" } }).code).toBe(expected);
});

test("a subnet without a free block may have single addresses", () => {
  const asked = { ...write, asked: "prefixes" } as const;
  expect(errorFor(asked, 400, { error: { code: "SubnetIsFull", message: "" } }).code).toBe("SUBNET_FRAGMENTED");
});

test("what ARM broke over is unreachable for a read", () => {
  expect(errorFor(read, 500, { error: { code: "InternalServerError", message: "" } }).code).toBe("CLOUD_UNREACHABLE");
  expect(errorFor(read, 503, "<html>").code).toBe("CLOUD_THROTTLED");
  expect(errorFor(write, 503, "<html>").code).toBe("CLOUD_OUTCOME_UNKNOWN");
});

test("a permission that is missing is named, with Azure's text and the request", () => {
  const error = errorFor(write, 403, {
    error: { code: "AuthorizationFailed", message: "no", details: [{ message: "why" }] },
  });
  expect(error.message).toContain("Microsoft.Network/networkInterfaces/write");
  expect(error.details).toBe("networkInterfaces.createOrUpdate: AuthorizationFailed: no why (HTTP 403, request r-1)");
});

test("Retry-After is obeyed, and what waits for another operation waits a second without it", () => {
  expect(errorFor(read, 429, { error: { code: "TooManyRequests" } }, { "retry-after": "17" }).retryAfterMs).toBe(
    17_000,
  );
  expect(errorFor(write, 409, { error: { code: "AnotherOperationInProgress" } }).retryAfterMs).toBe(1_000);
});

const thrown = [
  { what: { code: "ECONNREFUSED" }, read: "CLOUD_UNREACHABLE", write: "CLOUD_UNREACHABLE" },
  { what: { code: "ENOTFOUND" }, read: "CLOUD_UNREACHABLE", write: "CLOUD_UNREACHABLE" },
  { what: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }, read: "CLOUD_UNREACHABLE", write: "CLOUD_UNREACHABLE" },
  { what: { code: "ECONNRESET" }, read: "CLOUD_UNREACHABLE", write: "CLOUD_OUTCOME_UNKNOWN" },
  { what: { name: "AbortError" }, read: "CLOUD_UNREACHABLE", write: "CLOUD_OUTCOME_UNKNOWN" },
  { what: { name: "CredentialUnavailableError" }, read: "CLOUD_CREDENTIALS", write: "CLOUD_CREDENTIALS" },
  { what: { name: "AggregateAuthenticationError" }, read: "CLOUD_CREDENTIALS", write: "CLOUD_CREDENTIALS" },
  { what: { response: { status: 200, bodyAsText: "{" } }, read: "CLOUD_UNREACHABLE", write: "CLOUD_OUTCOME_UNKNOWN" },
  { what: undefined, read: "CLOUD_UNREACHABLE", write: "CLOUD_OUTCOME_UNKNOWN" },
] as const;

test.each(thrown)("$what thrown is $read of a read and $write of a write", ({ what, read: ofRead, write: ofWrite }) => {
  expect(errorOfFailure(read, failureOfThrown(what, false)).code).toBe(ofRead);
  expect(errorOfFailure(write, failureOfThrown(what, false)).code).toBe(ofWrite);
});

test("an abort of ours is CANCELLED for a read and leaves a write unknown", () => {
  expect(errorOfFailure(read, failureOfThrown({ name: "AbortError" }, true)).code).toBe("CANCELLED");
  expect(errorOfFailure(write, failureOfThrown({ name: "AbortError" }, true)).code).toBe("CLOUD_OUTCOME_UNKNOWN");
});

test("where an operation is followed: Azure-AsyncOperation first, Location with HTTP 202, else it is done", () => {
  const both = { "azure-asyncoperation": "https://a/1", location: "https://a/2" };
  expect(acceptanceOf(answer(201, {}, both))).toEqual({ operation: { url: "https://a/1" } });
  expect(acceptanceOf(answer(202, {}, { location: "https://a/2" }))).toEqual({ operation: { url: "https://a/2" } });
  expect(acceptanceOf(answer(200, {}))).toEqual({});
});

const states = [
  { status: 200, document: { status: "InProgress" }, expected: { status: "running" } },
  { status: 200, document: { status: "Updating" }, expected: { status: "running" } },
  { status: 202, document: {}, expected: { status: "running" } },
  { status: 200, document: { status: "Succeeded" }, expected: { status: "succeeded" } },
  { status: 204, document: undefined, expected: { status: "succeeded" } },
  {
    status: 200,
    document: { status: "Failed", error: { code: "SubnetIsFull", message: "no room" } },
    expected: { status: "failed", code: "SubnetIsFull", message: "no room" },
  },
  {
    status: 200,
    document: { status: "Canceled" },
    expected: { status: "failed", code: "Canceled", message: "no reason was given" },
  },
];

test.each(states)(
  "an operation that answers HTTP $status $document is $expected.status",
  ({ status, document, expected }) => {
    expect(operationStateOf(answer(status, document))).toEqual(expected);
  },
);

function errorFor(call: ArmCall, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const failure = failureOfAnswer(answer(status, body, { "x-ms-request-id": "r-1", ...headers }));
  if (failure === undefined) throw new Error("no failure");
  return errorOfFailure(call, failure);
}

function answer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, body: text ?? "", header: (name: string) => headers[name] };
}
