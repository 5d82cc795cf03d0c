import { type ErrorCode, type ErrorFacts, PodwireError } from "@podwire/core";
import { type ArmAction, armActions } from "./api.ts";

interface ArmErrorRow {
  readonly vendor: string;
  /** Only when the call asked for this. */
  readonly asked?: "prefixes";
  readonly code: ErrorCode | "uncertain";
  /** How long to wait where ARM names no time: another operation must end first. */
  readonly retryAfterMs?: number;
}

/**
 * What ARM's error codes mean to podwire; the first row that matches counts, `*` stands for any text. `uncertain`: ARM
 * broke while it worked on the call. A code in no row is judged by its HTTP status.
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
 */
const armErrorTable: readonly ArmErrorRow[] = [
  // Concurrent writes of one interface or route table: https://github.com/kubernetes/kubernetes/issues/88151
  { vendor: "RetryableError*", code: "CLOUD_CONFLICT", retryAfterMs: 1_000 },
  { vendor: "AnotherOperationInProgress", code: "CLOUD_CONFLICT", retryAfterMs: 1_000 },
  { vendor: "Canceled*", code: "CLOUD_CONFLICT", retryAfterMs: 1_000 },
  { vendor: "PreconditionFailed*", code: "CLOUD_CONFLICT" },
  { vendor: "*InUse*", code: "CLOUD_CONFLICT" },

  { vendor: "TooManyRequests", code: "CLOUD_THROTTLED" },
  { vendor: "*RequestsThrottled", code: "CLOUD_THROTTLED" },
  { vendor: "*Throttled*", code: "CLOUD_THROTTLED" },

  // Azure does not tell a full subnet from one without a free block; single addresses are worth asking for.
  { vendor: "Subnet*Full", asked: "prefixes", code: "SUBNET_FRAGMENTED" },
  { vendor: "Subnet*Full", code: "SUBNET_EXHAUSTED" },

  { vendor: "*Limit*", code: "CLOUD_LIMIT" },
  { vendor: "*QuotaExceeded*", code: "CLOUD_LIMIT" },

  { vendor: "*AuthorizationFailed", code: "CLOUD_PERMISSION" },
  { vendor: "LinkedAccessCheckFailed", code: "CLOUD_PERMISSION" },
  { vendor: "RequestDisallowedByPolicy", code: "CLOUD_PERMISSION" },
  { vendor: "ScopeLocked", code: "CLOUD_PERMISSION" },

  { vendor: "*AuthenticationToken*", code: "CLOUD_CREDENTIALS" },
  { vendor: "AuthenticationFailed*", code: "CLOUD_CREDENTIALS" },

  { vendor: "*NotFound", code: "CLOUD_NOT_FOUND" },

  { vendor: "InternalServerError", code: "uncertain" },
  { vendor: "InternalExecutionError", code: "uncertain" },
  { vendor: "ServerTimeout", code: "uncertain" },
  { vendor: "*ServiceUnavailable", code: "uncertain" },
];

/** Where the code says nothing. */
const codeByStatus: Readonly<Record<number, ErrorCode | "uncertain">> = {
  401: "CLOUD_CREDENTIALS",
  403: "CLOUD_PERMISSION",
  404: "CLOUD_NOT_FOUND",
  408: "uncertain",
  409: "CLOUD_CONFLICT",
  412: "CLOUD_CONFLICT",
};

/** One call, as an error names it. */
export interface ArmCall {
  readonly action: ArmAction;
  /** What it is about: a resource id. */
  readonly object: string;
  /** Blocks larger than an address, where single addresses would do too. */
  readonly asked?: "prefixes";
}

/** How a call failed, before it is judged. */
export type ArmFailure =
  /** ARM answered with an error document, or the operation ended in an error. */
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly message: string;
      readonly httpStatus: number;
      readonly requestId?: string;
      readonly retryAfterMs?: number;
    }
  /** It was sent, and no answer came that ARM would give: cut off, timed out, a proxy's page. */
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
export function errorOfFailure(call: ArmCall, failure: ArmFailure, cause?: unknown): PodwireError {
  const op = `${armActions[call.action].op} ${call.object}`;
  const { code, retryAfterMs } = judge(call, failure);
  const facts: ErrorFacts = {
    op,
    details: detailsOf(call.action, failure),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === undefined ? {} : { cause }),
  };
  return new PodwireError(code, `cannot ${op}: ${reasonOf(call.action, code, failure)}`, facts);
}

interface Judgement {
  readonly code: ErrorCode;
  readonly retryAfterMs?: number | undefined;
}

function judge(call: ArmCall, failure: ArmFailure): Judgement {
  const { mutates } = armActions[call.action];
  if (failure.kind === "aborted") return { code: mutates ? "CLOUD_OUTCOME_UNKNOWN" : "CANCELLED" };
  if (failure.kind === "unsent") return { code: "CLOUD_UNREACHABLE" };
  if (failure.kind === "no-credentials") return { code: "CLOUD_CREDENTIALS" };
  const row = failure.kind === "refused" ? rowOf(call, failure.code) : undefined;
  const retryAfterMs = failure.retryAfterMs ?? row?.retryAfterMs;
  const meaning = row?.code ?? meaningOfStatus(failure);
  if (meaning !== "uncertain") return { code: meaning, retryAfterMs };
  if (mutates) return { code: "CLOUD_OUTCOME_UNKNOWN", retryAfterMs };
  // 503 without a code of its own is an overloaded front: back off as for throttling.
  const overloaded = failure.kind === "unanswered" && failure.httpStatus === 503;
  return { code: overloaded ? "CLOUD_THROTTLED" : "CLOUD_UNREACHABLE", retryAfterMs };
}

function rowOf({ asked }: ArmCall, code: string): ArmErrorRow | undefined {
  return armErrorTable.find((row) => matches(row.vendor, code) && (row.asked === undefined || row.asked === asked));
}

function meaningOfStatus({ kind, httpStatus = 0 }: Extract<ArmFailure, { kind: "refused" | "unanswered" }>) {
  if (httpStatus === 429) return "CLOUD_THROTTLED";
  if (kind === "unanswered" || httpStatus >= 500) return "uncertain";
  return codeByStatus[httpStatus] ?? "CLOUD_REJECTED";
}

/** `*` any number of times. */
function matches(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.\\+?^${}()|[\]]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}

function reasonOf(action: ArmAction, code: ErrorCode, failure: ArmFailure): string {
  const { permission } = armActions[action];
  if (code === "CLOUD_PERMISSION") return `the node's credentials do not allow ${permission}`;
  if (failure.kind === "refused") return `Azure answered ${failure.code}`;
  if (failure.kind === "aborted") return "the call was aborted";
  if (failure.kind === "no-credentials") return `no credentials for ${permission}`;
  if (failure.kind === "unsent") return "Azure Resource Manager could not be reached";
  const { httpStatus } = failure;
  return httpStatus === undefined ? "no answer came" : `no answer of Azure came, but HTTP ${httpStatus}`;
}

function detailsOf(action: ArmAction, failure: ArmFailure): string {
  if (failure.kind === "aborted") return action;
  if (failure.kind !== "refused") return `${action}: ${failure.message}`;
  const { code, message, httpStatus, requestId = "unknown" } = failure;
  return `${action}: ${code}: ${message} (HTTP ${httpStatus}, request ${requestId})`;
}
