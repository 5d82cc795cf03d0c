import { type ArmAnswer, failureOfAnswer } from "./arm-answer.ts";
import type { ArmFailure } from "./errors.ts";

/** Parts of what the SDK and Node throw; every one may be missing. */
interface ThrownShape {
  readonly name?: string;
  readonly message?: string;
  /** ARM's code, the SDK's own, or Node's of a failed system call. */
  readonly code?: string;
  readonly statusCode?: number;
  readonly response?: ThrownResponse;
}

interface ThrownResponse {
  readonly status?: number;
  readonly bodyAsText?: string | null;
  readonly headers?: { get(name: string): string | undefined };
}

/**
 * What the SDK threw, before it is judged; told from the shape alone, as the classes differ between its packages.
 * @param wasAborted a time that ran out looks to the SDK like an abort
 */
export function failureOfThrown(thrown: unknown, wasAborted: boolean): ArmFailure {
  const shape: ThrownShape = typeof thrown === "object" && thrown !== null ? thrown : {};
  const { name = "", message = String(thrown), code = "" } = shape;
  if (wasAborted) return { kind: "aborted" };
  if (name === "AbortError") return { kind: "unanswered", message: "no answer came in time" };
  if (/Authentication|Credential/.test(name)) return { kind: "no-credentials", message };
  if (shape.response?.status !== undefined) {
    return failureOfAnswer(answerOfResponse(shape.response)) ?? { kind: "unanswered", message };
  }
  return { kind: neverSent.test(code) ? "unsent" : "unanswered", message };
}

/** No connection, or none that is secure. */
const neverSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|.*CERT.*|ERR_TLS_.*|.*SELF_SIGNED.*|UNABLE_TO_.*)$/;

export function answerOfResponse({ status = 0, bodyAsText, headers }: ThrownResponse): ArmAnswer {
  return { status, body: bodyAsText ?? "", header: (name) => headers?.get(name) };
}
