import { type CallOptions, PodwireError } from "@podwire/core";
import { type ComputeCall, type ComputeFailure, errorOfFailure } from "./errors.ts";

/** A call of the SDK that can be taken back. */
interface Cancellable<T> extends Promise<T> {
  cancel?: () => void;
}

/** Makes the call end with the attempt it is part of. */
export type Track = <T>(started: Promise<T>) => Promise<T>;

export type Request<C, T> = (client: C, track: Track, signal: AbortSignal) => Promise<T>;

export interface Attempt<C, T> {
  readonly call: ComputeCall;
  /** Credentials and clients. What it throws means that there are none. */
  readonly connect: () => Promise<C>;
  readonly run: Request<C, T>;
  readonly timeoutMs: number;
  /** Answers for a call that takes longer. Default: it is unanswered. */
  readonly afterTimeout?: () => T;
}

class CallTimeout extends Error {
  override readonly name = "CallTimeout";
}

/** One attempt. The SDK knows no abort signal; its calls can be cancelled. @throws PodwireError, whatever is thrown */
export async function send<C, T>(attempt: Attempt<C, T>, options: CallOptions): Promise<T> {
  const { call, connect, run, timeoutMs, afterTimeout } = attempt;
  const { signal } = options;
  if (signal.aborted) throw new PodwireError("CANCELLED", `compute.${call.action} was cancelled before it was sent`);
  const controller = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  ended.catch(() => {});
  controller.signal.addEventListener("abort", () => reject(controller.signal.reason));
  const abort = () => controller.abort();
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(() => controller.abort(new CallTimeout(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const track: Track = (started) => {
    controller.signal.addEventListener("abort", () => (started as Cancellable<unknown>).cancel?.());
    return Promise.race([started, ended]);
  };
  try {
    const client = await connected(call, track(connect()), controller.signal);
    return await Promise.race([run(client, track, controller.signal), ended]);
  } catch (thrown) {
    if (thrown instanceof CallTimeout && afterTimeout !== undefined) return afterTimeout();
    throw thrown instanceof PodwireError ? thrown : errorOfThrown(call, thrown, signal.aborted);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

async function connected<C>(call: ComputeCall, connecting: Promise<C>, signal: AbortSignal): Promise<C> {
  try {
    return await connecting;
  } catch (thrown) {
    // Nothing was sent to Compute Engine, whatever the call is.
    if (signal.aborted && !(signal.reason instanceof CallTimeout)) {
      throw new PodwireError("CANCELLED", `compute.${call.action} was cancelled before it was sent`);
    }
    throw errorOfFailure(call, { kind: "no-credentials", message: textOf(thrown) }, thrown);
  }
}

/** Parts of what the SDK, Gaxios and Node throw; every one may be missing. */
interface ThrownShape {
  readonly name?: string;
  readonly message?: string;
  /** Of the system call that failed; from the SDK a number, of HTTP or of gRPC. */
  readonly code?: unknown;
  readonly status?: unknown;
  readonly response?: { readonly status?: number; readonly headers?: unknown; readonly data?: unknown };
  readonly cause?: unknown;
}

/** HTTP status for the codes of gRPC that the SDK makes of it when it throws a GoogleError. */
const httpStatusOfGrpc: Readonly<Record<number, number>> = {
  3: 400,
  5: 404,
  7: 403,
  8: 429,
  9: 412,
  10: 409,
  13: 500,
  14: 503,
  16: 401,
};

function errorOfThrown(call: ComputeCall, thrown: unknown, aborted: boolean): PodwireError {
  return errorOfFailure(call, aborted ? { kind: "aborted" } : failureOfThrown(thrown), thrown);
}

/**
 * Told from the shape alone. A GaxiosError has the HTTP status for code and the document for message or data; a
 * GoogleError has a code of gRPC and a text.
 */
export function failureOfThrown(thrown: unknown): ComputeFailure {
  const shape: ThrownShape = typeof thrown === "object" && thrown !== null ? thrown : {};
  const message = textOf(thrown);
  const httpStatus = statusOf(shape);
  if (httpStatus === undefined) return { kind: wasNeverSent(shape) ? "unsent" : "unanswered", message };
  const retryAfterMs = retryAfterOf(shape.response?.headers);
  const common = { httpStatus, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const document = documentOf(shape.response?.data) ?? documentOf(message);
  if (document !== undefined) return { kind: "refused", ...document, ...common };
  if (shape.name === "GoogleError" || isGrpc(shape)) return { kind: "refused", reason: "unknown", message, ...common };
  return { kind: "unanswered", message: `HTTP ${httpStatus}`, ...common };
}

function statusOf({ response, status, code }: ThrownShape): number | undefined {
  if (response?.status !== undefined) return response.status;
  const number = typeof status === "number" ? status : Number(code ?? Number.NaN);
  if (Number.isNaN(number)) return undefined;
  return number >= 100 ? number : httpStatusOfGrpc[number];
}

function isGrpc({ code }: ThrownShape): boolean {
  return typeof code === "number" && code < 100;
}

/** What Compute Engine says of an error: `{"error": {"code", "message", "errors": [{"reason", "message"}]}}`. */
function documentOf(data: unknown): { readonly reason: string; readonly message: string } | undefined {
  const value = (typeof data === "string" ? tryJson(data) : data) as
    | { readonly error?: { readonly message?: unknown; readonly errors?: unknown; readonly status?: unknown } }
    | readonly { readonly error?: never }[]
    | undefined
    | null;
  const error = typeof value === "object" && value !== null && "error" in value ? value.error : undefined;
  if (typeof error !== "object" || error === null) return undefined;
  const [first] = Array.isArray(error.errors) ? (error.errors as readonly { readonly reason?: unknown }[]) : [];
  return { reason: String(first?.reason ?? error.status ?? "unknown"), message: String(error.message ?? "") };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wasNeverSent({ code, cause }: ThrownShape): boolean {
  const codes = [code, (cause as ThrownShape | undefined)?.code];
  return codes.some((one) =>
    ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(`${one}`),
  );
}

/** Seconds. The headers are those of a fetch that need not be the platform's. */
function retryAfterOf(headers: unknown): number | undefined {
  const { get } = (headers ?? {}) as { readonly get?: (name: string) => string | null };
  const header = typeof get === "function" ? get.call(headers, "retry-after") : undefined;
  return typeof header === "string" && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
