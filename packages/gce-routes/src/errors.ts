import { type ErrorCode, type ErrorFacts, PodwireError } from "@podwire/core";
import { type ComputeAction, computeActions, type OperationError } from "./api.ts";

export interface ComputeErrorRow {
  /** The reason of an error document, or the code of an operation's error; `*` stands for any text. */
  readonly vendor: string;
  /** Only when the text says this, for reasons that mean several things. */
  readonly text?: string;
  /** Only when the call asked for this. */
  readonly asked?: "prefixes";
  readonly code: ErrorCode | "uncertain";
}

/**
 * What Compute Engine's reasons and operation errors mean to podwire; the first row that matches counts. What is in no
 * row is judged by its HTTP status. https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-api-errors,
 * https://cloud.google.com/resource-manager/docs/core_errors
 */
const computeErrorTable: readonly ComputeErrorRow[] = [
  { vendor: "rateLimitExceeded", code: "CLOUD_THROTTLED" },
  { vendor: "userRateLimitExceeded", code: "CLOUD_THROTTLED" },
  { vendor: "RATE_LIMIT_EXCEEDED", code: "CLOUD_THROTTLED" },
  { vendor: "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED", code: "CLOUD_THROTTLED" },
  // Of the rate, though it is called a quota: https://cloud.google.com/compute/api-quota
  { vendor: "quotaExceeded", text: "per minute", code: "CLOUD_THROTTLED" },

  // Where there is no /28 there may be single addresses.
  { vendor: "IP_SPACE_EXHAUSTED*", asked: "prefixes", code: "SUBNET_FRAGMENTED" },
  { vendor: "IP_SPACE_EXHAUSTED*", code: "SUBNET_EXHAUSTED" },
  { vendor: "quotaExceeded", code: "CLOUD_LIMIT" },
  { vendor: "QUOTA_EXCEEDED", code: "CLOUD_LIMIT" },
  { vendor: "limitExceeded", code: "CLOUD_LIMIT" },
  { vendor: "LIMIT_EXCEEDED", code: "CLOUD_LIMIT" },

  { vendor: "conditionNotMet", code: "CLOUD_CONFLICT" },
  { vendor: "CONDITION_NOT_MET", code: "CLOUD_CONFLICT" },
  { vendor: "alreadyExists", code: "CLOUD_CONFLICT" },
  { vendor: "RESOURCE_ALREADY_EXISTS", code: "CLOUD_CONFLICT" },
  { vendor: "resourceInUseByAnotherResource", code: "CLOUD_CONFLICT" },
  { vendor: "RESOURCE_IN_USE*", code: "CLOUD_CONFLICT" },
  { vendor: "IP_IN_USE_BY_ANOTHER_RESOURCE", code: "CLOUD_CONFLICT" },
  { vendor: "resourceNotReady", code: "CLOUD_CONFLICT" },
  { vendor: "RESOURCE_NOT_READY", code: "CLOUD_CONFLICT" },

  { vendor: "notFound", code: "CLOUD_NOT_FOUND" },
  { vendor: "RESOURCE_NOT_FOUND", code: "CLOUD_NOT_FOUND" },

  { vendor: "authError", code: "CLOUD_CREDENTIALS" },
  { vendor: "required", text: "Login Required", code: "CLOUD_CREDENTIALS" },
  // What the token may do, not what the account may: the instance was made without the scope.
  { vendor: "insufficientPermissions", code: "CLOUD_PERMISSION" },
  { vendor: "forbidden", code: "CLOUD_PERMISSION" },
  { vendor: "accessNotConfigured", code: "CLOUD_PERMISSION" },
  { vendor: "PERMISSIONS_ERROR", code: "CLOUD_PERMISSION" },

  { vendor: "backendError", code: "uncertain" },
  { vendor: "internalError", code: "uncertain" },
  { vendor: "INTERNAL_ERROR", code: "uncertain" },
  { vendor: "SERVICE_UNAVAILABLE", code: "uncertain" },
];

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  401: "CLOUD_CREDENTIALS",
  403: "CLOUD_PERMISSION",
  404: "CLOUD_NOT_FOUND",
  409: "CLOUD_CONFLICT",
  412: "CLOUD_CONFLICT",
  429: "CLOUD_THROTTLED",
};

/** One call, as an error names it. */
export interface ComputeCall {
  readonly action: ComputeAction;
  /** What it is about: an instance, an interface, a route. */
  readonly object: string;
  /** Blocks larger than an address, where single addresses would do too. */
  readonly asked?: "prefixes";
}

/** How a call failed, before it is judged. */
export type ComputeFailure =
  /** Compute Engine answered with an error document. */
  | {
      readonly kind: "refused";
      readonly reason: string;
      readonly message: string;
      readonly httpStatus: number;
      readonly retryAfterMs?: number;
    }
  /** It took the call, and then the operation failed. */
  | ({ readonly kind: "operation" } & OperationError)
  /** It was sent, and no answer came that Compute Engine would give: cut off, timed out, a proxy's page. */
  | {
      readonly kind: "unanswered";
      readonly message: string;
      readonly httpStatus?: number;
      readonly retryAfterMs?: number;
    }
  /** Nothing left this machine: no connection, no address for the name. */
  | { readonly kind: "unsent"; readonly message: string }
  | { readonly kind: "no-credentials"; readonly message: string }
  | { readonly kind: "aborted" };

/** @param cause what was thrown, for the log */
export function errorOfFailure(call: ComputeCall, failure: ComputeFailure, cause?: unknown): PodwireError {
  const op = `${computeActions[call.action].op} ${call.object}`;
  const code = codeOf(call, failure);
  const facts: ErrorFacts = {
    op,
    ...detailsOf(call.action, failure),
    ...("retryAfterMs" in failure && failure.retryAfterMs !== undefined ? { retryAfterMs: failure.retryAfterMs } : {}),
    cause: new JudgedFailure(failure, cause),
  };
  return new PodwireError(code, `cannot ${op}: ${reasonOf(call.action, code, failure)}`, facts);
}

/** The fingerprint was of an interface that has been changed since: nothing happened, and a new look helps. */
export function isFingerprintMismatch(error: PodwireError): boolean {
  return ["conditionNotMet", "CONDITION_NOT_MET"].includes(vendorReasonOf(error) ?? "");
}

/** Keeps the vendor's own words beside what was thrown. */
class JudgedFailure extends Error {
  override readonly name = "JudgedFailure";
  readonly failure: ComputeFailure;

  constructor(failure: ComputeFailure, cause: unknown) {
    super(failure.kind, cause === undefined ? undefined : { cause });
    this.failure = failure;
  }
}

function vendorReasonOf({ cause }: PodwireError): string | undefined {
  if (!(cause instanceof JudgedFailure)) return undefined;
  const { failure } = cause;
  if (failure.kind === "refused") return failure.reason;
  return failure.kind === "operation" ? failure.code : undefined;
}

function codeOf(call: ComputeCall, failure: ComputeFailure): ErrorCode {
  const { mutates } = computeActions[call.action];
  if (failure.kind === "aborted") return mutates ? "CLOUD_OUTCOME_UNKNOWN" : "CANCELLED";
  if (failure.kind === "unsent") return "CLOUD_UNREACHABLE";
  if (failure.kind === "no-credentials") return "CLOUD_CREDENTIALS";
  if (failure.httpStatus === 429) return "CLOUD_THROTTLED";
  const code = failure.kind === "unanswered" ? "uncertain" : meaningOf(call, failure);
  if (code !== "uncertain") return code;
  if (mutates) return "CLOUD_OUTCOME_UNKNOWN";
  // A page of a front that is overloaded: back off as for throttling.
  return failure.kind === "unanswered" && failure.httpStatus === 503 ? "CLOUD_THROTTLED" : "CLOUD_UNREACHABLE";
}

type Answered = Extract<ComputeFailure, { kind: "refused" | "operation" }>;

function meaningOf(call: ComputeCall, failure: Answered): ComputeErrorRow["code"] {
  const vendorReason = failure.kind === "refused" ? failure.reason : failure.code;
  const row = computeErrorTable.find(
    ({ vendor, text = "", asked = call.asked }) =>
      matches(vendor, vendorReason) && failure.message.includes(text) && asked === call.asked,
  );
  if (row !== undefined) return row.code;
  const { httpStatus = 400 } = failure;
  return codeByStatus[httpStatus] ?? (httpStatus >= 500 ? "uncertain" : "CLOUD_REJECTED");
}

function matches(pattern: string, text: string): boolean {
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}

function reasonOf(action: ComputeAction, code: ErrorCode, failure: ComputeFailure): string {
  if (code === "CLOUD_PERMISSION") return `the node's credentials do not allow ${computeActions[action].permission}`;
  if (failure.kind === "refused") return `Compute Engine answered ${failure.reason}`;
  if (failure.kind === "operation") return `the operation ended with ${failure.code}`;
  if (failure.kind === "aborted") return "the call was aborted";
  if (failure.kind === "no-credentials") return `no credentials for compute.${action}`;
  if (failure.kind === "unsent") return "Compute Engine could not be reached";
  const { httpStatus } = failure;
  return httpStatus === undefined ? "no answer came" : `no answer of Compute Engine came, but HTTP ${httpStatus}`;
}

function detailsOf(action: ComputeAction, failure: ComputeFailure): { readonly details: string } {
  const name = `compute.${action}`;
  if (failure.kind === "aborted") return { details: name };
  if (failure.kind === "refused") {
    return { details: `${name}: ${failure.reason}: ${failure.message} (HTTP ${failure.httpStatus})` };
  }
  if (failure.kind === "operation") return { details: `${name}: ${failure.code}: ${failure.message}` };
  return { details: `${name}: ${failure.message}` };
}
