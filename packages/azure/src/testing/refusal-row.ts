import type { ArmAnswerDocument } from "./answer-document.ts";
import type { RequestRoute } from "./route-of-request.ts";
import type { World } from "./world.ts";

/** One request with what it says. */
export interface FakeRequest<Body> {
  readonly route: RequestRoute;
  readonly ifMatch: string | undefined;
  readonly body: Body;
  readonly nowMs: number;
}

/** Why ARM does not carry out a request. */
export interface Refusal {
  readonly code: string;
  readonly httpStatus: number;
  readonly message: string;
  /** Code of the one detail. */
  readonly detail?: string;
  readonly retryAfterSeconds?: number;
}

/** One reason to refuse. The first row whose condition holds decides. */
export interface RefusalRow<Body> {
  readonly condition: string;
  readonly code: string;
  readonly httpStatus: number;
  readonly detail?: string;
  readonly retryAfterSeconds?: number;
  /** Where it is documented or was seen. `unverified`: nobody has shown how Azure says it. */
  readonly source: string;
  /** Azure's text when the condition holds. */
  readonly refuses: (world: World, request: FakeRequest<Body>) => string | undefined;
}

export function textIf(condition: boolean, text: string): string | undefined {
  return condition ? text : undefined;
}

export function refusalFrom<Body>(
  rows: readonly RefusalRow<Body>[],
  world: World,
  request: FakeRequest<Body>,
): Refusal | undefined {
  for (const { code, httpStatus, detail, retryAfterSeconds, refuses } of rows) {
    const message = refuses(world, request);
    if (message === undefined) continue;
    return {
      code,
      httpStatus,
      message,
      ...(detail === undefined ? {} : { detail }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }
  return undefined;
}

/** The document in which ARM says no. */
export function refusalDocument({ code, message, detail }: Refusal): ArmAnswerDocument {
  const details = detail === undefined ? [] : [{ code: detail, message }];
  return { error: { code, message, details } };
}
