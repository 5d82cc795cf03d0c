import type { Acceptance, OperationState } from "./api.ts";
import type { ArmFailure } from "./errors.ts";

/** An answer of ARM as it comes from the wire. */
export interface ArmAnswer {
  readonly status: number;
  readonly body: string;
  header(name: string): string | undefined;
}

/** The document of an answer; undefined when it is none. */
export function documentOf(answer: ArmAnswer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(answer.body);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** What an answer says went wrong; undefined when nothing did. */
export function failureOfAnswer(answer: ArmAnswer): ArmFailure | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  const retryAfterMs = retryAfterOf(answer);
  const common = { httpStatus: status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const error = errorIn(documentOf(answer));
  if (error === undefined)
    return { kind: "unanswered", message: `HTTP ${status} without a document of ARM`, ...common };
  const requestId = answer.header("x-ms-request-id");
  return { kind: "refused", ...error, ...common, ...(requestId === undefined ? {} : { requestId }) };
}

/** Where to ask how a write goes on. Azure-AsyncOperation goes first: Location may tell nothing but the result. */
export function acceptanceOf(answer: ArmAnswer): Acceptance {
  const url = answer.header("azure-asyncoperation");
  if (url !== undefined) return { operation: { url } };
  const location = answer.status === 202 ? answer.header("location") : undefined;
  return location === undefined ? {} : { operation: { url: location } };
}

/** @param answer one of a good HTTP status; a failed operation is told with 200 */
export function operationStateOf(answer: ArmAnswer): OperationState {
  const retryAfterMs = retryAfterOf(answer);
  const running = { status: "running", ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } as const;
  if (answer.status === 202) return running;
  const document = documentOf(answer);
  const status = document?.["status"];
  if (status === undefined || status === "Succeeded") return { status: "succeeded" };
  if (status !== "Failed" && status !== "Canceled") return running;
  return { status: "failed", ...(errorIn(document) ?? { code: `${status}`, message: "no reason was given" }) };
}

interface ErrorDocument {
  readonly code: string;
  readonly message: string;
}

/** The texts of the details say more than that of the error around them. */
function errorIn(document: Readonly<Record<string, unknown>> | undefined): ErrorDocument | undefined {
  const error = document?.["error"] as
    | { code?: unknown; message?: unknown; details?: readonly { message?: unknown }[] }
    | undefined;
  if (typeof error?.code !== "string") return undefined;
  const details = Array.isArray(error.details) ? error.details : [];
  const texts = [error.message, ...details.map((detail) => detail?.message)];
  return { code: error.code, message: texts.filter((text) => typeof text === "string").join(" ") };
}

/** Seconds; ARM sends no dates. */
function retryAfterOf(answer: ArmAnswer): number | undefined {
  const header = answer.header("retry-after");
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}
