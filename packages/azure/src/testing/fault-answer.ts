import type { Injection } from "@podwire/testkit";
import type { FakeAnswer } from "./answer-document.ts";
import { refusalDocument } from "./refusal-row.ts";

/** HTTP status of codes that a fault plan gives. */
const httpStatusByCode: Readonly<Record<string, number>> = {
  AnotherOperationInProgress: 409,
  AuthorizationFailed: 403,
  ExpiredAuthenticationToken: 401,
  InternalServerError: 500,
  InvalidAuthenticationToken: 401,
  PreconditionFailed: 412,
  ResourceNotFound: 404,
  RetryableError: 429,
  ServerTimeout: 503,
  ServiceUnavailable: 503,
  SubscriptionRequestsThrottled: 429,
  TooManyRequests: 429,
};

/** What ARM says for a call that the fault plan refuses. */
export function answerOfFault({ code, message, retryAfterMs }: NonNullable<Injection["fail"]>): FakeAnswer {
  const httpStatus = httpStatusByCode[code] ?? 400;
  const text = message ?? "the fault plan refuses the call";
  return {
    status: httpStatus,
    headers: retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1000)) },
    document: refusalDocument({ code, httpStatus, message: text }),
  };
}
