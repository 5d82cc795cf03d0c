import { type CallOptions, type CancelSignal, PodwireError } from "@podwire/core";
import { type Ec2Call, errorOfFailure, errorOfThrown } from "./errors.ts";

/** One page of a describe. */
interface Page<T> {
  /** Absent when the answer is not the one of a describe. */
  readonly items: readonly T[] | undefined;
  readonly nextToken: string | undefined;
}

type FetchPage<T> = (token: { readonly NextToken?: string }, abortSignal: AbortSignal) => Promise<Page<T>>;

/** Every page, or it throws; a token that comes twice would go on for ever. */
export async function describeAll<T>(
  call: Ec2Call,
  options: CallOptions,
  fetchPage: FetchPage<T>,
): Promise<readonly T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  for (let token: string | undefined = ""; token !== undefined; ) {
    const current: { readonly NextToken?: string } = token === "" ? {} : { NextToken: token };
    const page: Page<T> = await send(call, options, (abortSignal) => fetchPage(current, abortSignal));
    if (page.items === undefined) throw errorOfFailure(call, { kind: "unanswered", message: "the answer has no list" });
    items.push(...page.items);
    token = page.nextToken === "" ? undefined : page.nextToken;
    if (token !== undefined && seen.has(token)) {
      throw errorOfFailure(call, { kind: "unanswered", message: "the same page came twice" });
    }
    if (token !== undefined) seen.add(token);
  }
  return items;
}

/** @throws PodwireError, whatever `run` throws */
export async function send<T>(
  call: Ec2Call,
  { signal }: CallOptions,
  run: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new PodwireError("CANCELLED", `ec2:${call.action} was cancelled before it was sent`);
  const { abortSignal, aborted, release } = abortSignalOf(signal);
  try {
    // The SDK minds the signal only once it talks to EC2, not while it looks for region and credentials.
    return await Promise.race([run(abortSignal), aborted]);
  } catch (thrown) {
    throw errorOfThrown(call, thrown);
  } finally {
    release();
  }
}

interface AbortBridge {
  readonly abortSignal: AbortSignal;
  /** Rejects when the signal is aborted, as the SDK would. */
  readonly aborted: Promise<never>;
  readonly release: () => void;
}

function abortSignalOf(signal: CancelSignal): AbortBridge {
  const controller = new AbortController();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => {
    controller.abort();
    reject(controller.signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  return { abortSignal: controller.signal, aborted, release: () => signal.removeEventListener("abort", abort) };
}
