import { type ErrorCode, errorCodes, type RetryClass } from "./codes.ts";

export interface ErrorFacts {
  /** What was being done, as a verb and an object: `assign addresses to eni-1`. */
  readonly op?: string;
  /** The field of the input that is to blame, as the person who wrote it would name it. */
  readonly field?: string;
  /** The offending value, already shortened for a message. */
  readonly value?: string;
  /** Whatever helps to act on it: the vendor's code and text, an errno, a list of versions. */
  readonly details?: string;
  /** Least time to wait before a retry, in milliseconds, where the other side named one. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one error class. `message` starts lower-case, names the object and carries no code. */
export class PodwireError extends Error {
  override readonly name = "PodwireError";
  readonly code: ErrorCode;
  readonly op: string | undefined;
  readonly field: string | undefined;
  readonly value: string | undefined;
  readonly details: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.op = facts.op;
    this.field = facts.field;
    this.value = facts.value;
    this.details = facts.details;
    this.retryAfterMs = facts.retryAfterMs;
  }

  get retry(): RetryClass {
    return errorCodes[this.code].retry;
  }

  get cniCode(): number {
    return errorCodes[this.code].cni;
  }
}

export function isPodwireError(value: unknown, code?: ErrorCode): value is PodwireError {
  return value instanceof PodwireError && (code === undefined || value.code === code);
}

/** Whatever was thrown, as a PodwireError; what is none already is a defect of ours (`INTERNAL`). */
export function errorFrom(thrown: unknown, op?: string): PodwireError {
  if (thrown instanceof PodwireError) return thrown;
  const message = thrown instanceof Error ? thrown.message : quoteValue(thrown);
  return new PodwireError("INTERNAL", message, { cause: thrown, ...(op === undefined ? {} : { op }) });
}

/** Longest quoted value in characters. */
const maxQuoted = 80;

/**
 * A hostile or long value, made fit to stand in a message: quoted, at most 80 characters, all that could move a cursor
 * or turn the reading direction escaped. Never throws.
 */
export function quoteValue(value: unknown): string {
  const text = stringify(typeof value === "string" ? value.slice(0, 2 * maxQuoted) : value);
  const escaped = text.slice(0, 2 * maxQuoted).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, escapeCharacter);
  const characters = Array.from(escaped);
  return characters.length <= maxQuoted ? escaped : `${characters.slice(0, maxQuoted - 3).join("")}…`;
}

/** JSON where the value has one, else the nearest thing to it. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value === "bigint" ? `${value}` : `a value of type ${typeof value}`;
  }
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
