import { type ErrorCode, type ErrorFacts, PodwireError } from "@podwire/core";
import { type Ec2Action, ec2Actions } from "./api.ts";

export interface Ec2ErrorRow {
  readonly vendor: string;
  /** Only when EC2's text says this, for codes that mean several things. */
  readonly text?: string;
  /** Only when the call asked for this. */
  readonly asked?: "prefixes";
  readonly code: ErrorCode | "uncertain";
}

/**
 * What EC2's error codes mean to podwire; the first row that matches counts, `*` stands for any text. `uncertain`: EC2
 * broke while it worked on the call. A code in no row: `uncertain` with HTTP status 5xx, else CLOUD_REJECTED.
 * EC2 lists its codes at https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
 */
export const ec2ErrorTable: readonly Ec2ErrorRow[] = [
  { vendor: "RequestLimitExceeded", code: "CLOUD_THROTTLED" },
  { vendor: "BandwidthLimitExceeded", code: "CLOUD_THROTTLED" },
  { vendor: "Throttling*", code: "CLOUD_THROTTLED" },
  { vendor: "ThrottledException", code: "CLOUD_THROTTLED" },
  { vendor: "EC2ThrottledException", code: "CLOUD_THROTTLED" },
  { vendor: "RequestThrottled*", code: "CLOUD_THROTTLED" },
  { vendor: "TooManyRequests*", code: "CLOUD_THROTTLED" },
  { vendor: "SlowDown", code: "CLOUD_THROTTLED" },

  // Whichever of the three EC2 says when it has no prefix, there may be single addresses, and it is worth asking for
  // them: https://github.com/cilium/cilium/pull/31016
  { vendor: "InsufficientCidrBlocks", asked: "prefixes", code: "SUBNET_FRAGMENTED" },
  { vendor: "InsufficientFreeAddressesInSubnet", asked: "prefixes", code: "SUBNET_FRAGMENTED" },
  { vendor: "InvalidParameterValue", text: "aren't sufficient free", asked: "prefixes", code: "SUBNET_FRAGMENTED" },
  { vendor: "InsufficientCidrBlocks", code: "SUBNET_EXHAUSTED" },
  { vendor: "InsufficientFreeAddressesInSubnet", code: "SUBNET_EXHAUSTED" },
  { vendor: "InvalidParameterValue", text: "aren't sufficient free", code: "SUBNET_EXHAUSTED" },

  // Interfaces on the instance; NetworkInterfaceLimitExceeded are those of the account.
  { vendor: "AttachmentLimitExceeded", code: "INTERFACE_LIMIT" },
  { vendor: "*LimitExceeded", code: "CLOUD_LIMIT" },
  { vendor: "*QuotaExceeded", code: "CLOUD_LIMIT" },

  { vendor: "*.NotFound", code: "CLOUD_NOT_FOUND" },
  { vendor: "*NotFoundException", code: "CLOUD_NOT_FOUND" },

  { vendor: "UnauthorizedOperation*", code: "CLOUD_PERMISSION" },
  { vendor: "AccessDenied*", code: "CLOUD_PERMISSION" },
  { vendor: "OptInRequired", code: "CLOUD_PERMISSION" },
  { vendor: "Blocked", code: "CLOUD_PERMISSION" },

  { vendor: "AuthFailure*", code: "CLOUD_CREDENTIALS" },
  { vendor: "ExpiredToken*", code: "CLOUD_CREDENTIALS" },
  { vendor: "RequestExpired", code: "CLOUD_CREDENTIALS" },
  { vendor: "RequestTimeTooSkewed", code: "CLOUD_CREDENTIALS" },
  { vendor: "InvalidClientTokenId", code: "CLOUD_CREDENTIALS" },
  { vendor: "InvalidIdentityToken*", code: "CLOUD_CREDENTIALS" },
  { vendor: "UnrecognizedClient*", code: "CLOUD_CREDENTIALS" },
  { vendor: "MissingAuthenticationToken*", code: "CLOUD_CREDENTIALS" },
  { vendor: "SignatureDoesNotMatch*", code: "CLOUD_CREDENTIALS" },
  { vendor: "IncompleteSignature*", code: "CLOUD_CREDENTIALS" },
  { vendor: "PendingVerification", code: "CLOUD_CREDENTIALS" },

  { vendor: "Incorrect*State", code: "CLOUD_CONFLICT" },
  // https://github.com/lstoll/k8s-vpcnet/issues/71
  { vendor: "InvalidParameterValue", text: "already has an interface attached", code: "CLOUD_CONFLICT" },
  // Deleting what is attached: https://github.com/gruntwork-io/cloud-nuke/issues/431
  { vendor: "InvalidParameterValue", text: "is currently in use", code: "CLOUD_CONFLICT" },
  { vendor: "*.InUse", code: "CLOUD_CONFLICT" },
  { vendor: "*InUse", code: "CLOUD_CONFLICT" },
  { vendor: "Resource.Already*", code: "CLOUD_CONFLICT" },
  { vendor: "DependencyViolation", code: "CLOUD_CONFLICT" },
  { vendor: "PriorRequestNotComplete", code: "CLOUD_CONFLICT" },

  { vendor: "InternalError", code: "uncertain" },
  { vendor: "InternalFailure", code: "uncertain" },
  { vendor: "Unavailable", code: "uncertain" },
  { vendor: "ServiceUnavailable*", code: "uncertain" },
];

/** One call, as an error names it. */
export interface Ec2Call {
  readonly action: Ec2Action;
  /** What it is about: the id of an interface, a VPC, an instance; a type. */
  readonly object: string;
  /** Blocks larger than an address, where single addresses would do too. */
  readonly asked?: "prefixes";
}

/** Single IPv4 addresses beside IPv6 prefixes are the ones that run out. */
export function askedFor(counts: {
  readonly secondaryPrivateIpAddressCount?: number | undefined;
  readonly ipv4PrefixCount?: number | undefined;
  readonly ipv6PrefixCount?: number | undefined;
}): Pick<Ec2Call, "asked"> {
  const { secondaryPrivateIpAddressCount: addresses, ipv4PrefixCount, ipv6PrefixCount } = counts;
  const prefixes = ipv4PrefixCount ?? ipv6PrefixCount;
  return prefixes === undefined || addresses !== undefined ? {} : { asked: "prefixes" };
}

/** How a call failed, before it is judged. */
export type Ec2Failure =
  /** EC2 answered with an error document. */
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly message: string;
      readonly httpStatus: number;
      readonly requestId?: string;
      readonly retryAfterMs?: number;
    }
  /** It was sent, and no answer came that EC2 would give: cut off, timed out, a proxy's page. */
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
export function errorOfFailure(call: Ec2Call, failure: Ec2Failure, cause?: unknown): PodwireError {
  const op = `${ec2Actions[call.action].op} ${call.object}`;
  const code = codeOf(call, failure);
  const facts: ErrorFacts = {
    op,
    ...detailsOf(call.action, failure),
    ...("retryAfterMs" in failure && failure.retryAfterMs !== undefined ? { retryAfterMs: failure.retryAfterMs } : {}),
    ...(cause === undefined ? {} : { cause }),
  };
  return new PodwireError(code, `cannot ${op}: ${reasonOf(call.action, code, failure)}`, facts);
}

/** Whatever the SDK threw for the call, as a PodwireError. */
export function errorOfThrown(call: Ec2Call, thrown: unknown): PodwireError {
  return thrown instanceof PodwireError ? thrown : errorOfFailure(call, failureOfThrown(thrown), thrown);
}

/** Parts of what the SDK and Node throw; every one may be missing. */
interface ThrownShape {
  readonly name?: string;
  readonly message?: string;
  /** EC2's code; only on an error document that could be read. */
  readonly Code?: string;
  /** Node's code of a failed system call. */
  readonly code?: string;
  readonly syscall?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Told from the shape alone: the classes differ between versions of the SDK. */
function failureOfThrown(thrown: unknown): Ec2Failure {
  const shape: ThrownShape = typeof thrown === "object" && thrown !== null ? thrown : {};
  const message = shape.message ?? String(thrown);
  if (shape.name === "AbortError") return { kind: "aborted" };
  if (shape.name?.endsWith("ProviderError")) return { kind: "no-credentials", message };
  const httpStatus = shape.$metadata?.httpStatusCode;
  if (httpStatus === undefined) return { kind: wasNeverSent(shape) ? "unsent" : "unanswered", message };
  const retryAfterMs = retryAfterOf(shape.$response?.headers?.["retry-after"]);
  const common = { message, httpStatus, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (shape.Code === undefined) return { kind: "unanswered", ...common };
  const requestId = shape.$metadata?.requestId;
  return { kind: "refused", code: shape.Code, ...common, ...(requestId === undefined ? {} : { requestId }) };
}

/** The SDK's own connection timeout has a name and no code; Node's errors name the system call. */
function wasNeverSent({ name, code, syscall }: ThrownShape): boolean {
  if (code === undefined) return name === "TimeoutError";
  return syscall === "connect" || syscall === "getaddrinfo" || code === "ECONNREFUSED" || code === "ENOTFOUND";
}

/** Seconds; EC2 sends no dates. */
function retryAfterOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}

function codeOf(call: Ec2Call, failure: Ec2Failure): ErrorCode {
  const { mutates } = ec2Actions[call.action];
  if (failure.kind === "aborted") return mutates ? "CLOUD_OUTCOME_UNKNOWN" : "CANCELLED";
  if (failure.kind === "unsent") return "CLOUD_UNREACHABLE";
  if (failure.kind === "no-credentials") return "CLOUD_CREDENTIALS";
  if (failure.httpStatus === 429) return "CLOUD_THROTTLED";
  const code = failure.kind === "refused" ? meaningOf(call, failure) : "uncertain";
  if (code !== "uncertain") return code;
  if (mutates) return "CLOUD_OUTCOME_UNKNOWN";
  // 503 without a code of its own is an overloaded front: back off as for throttling.
  return failure.httpStatus === 503 ? "CLOUD_THROTTLED" : "CLOUD_UNREACHABLE";
}

function meaningOf(
  call: Ec2Call,
  { code, message, httpStatus }: Extract<Ec2Failure, { kind: "refused" }>,
): Ec2ErrorRow["code"] {
  const row = ec2ErrorTable.find(
    ({ vendor, text = "", asked = call.asked }) =>
      matches(vendor, code) && message.includes(text) && asked === call.asked,
  );
  return row?.code ?? (httpStatus >= 500 ? "uncertain" : "CLOUD_REJECTED");
}

function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === text;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail);
}

function reasonOf(action: Ec2Action, code: ErrorCode, failure: Ec2Failure): string {
  if (code === "CLOUD_PERMISSION") return `the node's credentials do not allow ec2:${action}`;
  if (failure.kind === "refused") return `EC2 answered ${failure.code}`;
  if (failure.kind === "aborted") return "the call was aborted";
  if (failure.kind === "no-credentials") return `no credentials for ec2:${action}`;
  if (failure.kind === "unsent") return "EC2 could not be reached";
  return failure.httpStatus === undefined ? "no answer came" : `no answer of EC2 came, but HTTP ${failure.httpStatus}`;
}

function detailsOf(action: Ec2Action, failure: Ec2Failure): { readonly details?: string } {
  if (failure.kind === "aborted") return { details: `ec2:${action}` };
  if (failure.kind !== "refused") return { details: `ec2:${action}: ${failure.message}` };
  const { code, message, httpStatus, requestId = "unknown" } = failure;
  return { details: `ec2:${action}: ${code}: ${message} (HTTP ${httpStatus}, request ${requestId})` };
}
