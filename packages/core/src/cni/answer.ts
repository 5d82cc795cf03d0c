import { errorFrom, PodwireError } from "../errors/podwire-error.ts";
import type { Frame } from "../rpc/frame.ts";
import { protocol } from "../rpc/protocol.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import { attachmentKey } from "./attachment-key.ts";
import { toVersion } from "./convert.ts";
import { type CniEnvironment, parseEnvironment } from "./environment.ts";
import { formatErrorResult } from "./error-result.ts";
import { parseNetworkConfig, readNetworkName } from "./network-config.ts";
import { appendResult } from "./prev-result.ts";
import type { CniCall, CniVerbs } from "./verbs.ts";
import { answerVersion, scanCniVersion } from "./version-answer.ts";
import { newestVersion } from "./versions.ts";

export interface AnswerOptions {
  /** `Clock.bootMs` now. */
  readonly nowMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: CancelSignal;
  /** The frame is a spool entry: it must be a DEL, its own deadline is long over, and it says when it was made. */
  readonly spooled?: boolean;
}

export interface CniAnswer {
  readonly ok: boolean;
  /** What goes to standard output: a result, a CNI error object, or nothing. */
  readonly body: string;
  /** What `body` says when not ok; for logs and metrics. */
  readonly error?: PodwireError;
}

/**
 * Carries out one CNI request, from the bytes a runtime sent to the bytes it gets. Never rejects: whatever goes wrong
 * becomes a CNI error object, what is no PodwireError an INTERNAL one. Checks in this order, and nothing is done before
 * all of them have passed:
 *
 * 1. CNI_COMMAND, the variables that are missing, the others one by one (for ADD, CNI_ARGS last);
 * 2. standard input as JSON, `cniVersion`, `name`, then the fields the verb reads, `prevResult` last;
 * 3. the length of the attachment key; for CHECK, that there is a prevResult.
 *
 * DEL needs only CNI_CONTAINERID and CNI_IFNAME. It must work whatever has become of the configuration since ADD, so
 * standard input of any kind, version included, is no error: at worst the network's name is not known.
 */
export async function answerCni(frame: Frame, verbs: CniVerbs, options: AnswerOptions): Promise<CniAnswer> {
  try {
    const environment = parseEnvironment(frame.environment);
    if (options.spooled === true) requireDel(environment);
    const call = { deadlineMs: deadlineOf(frame, options), signal: options.signal };
    return { ok: true, body: await carryOut({ environment, frame, options, call }, verbs) };
  } catch (thrown) {
    const error = errorFrom(thrown, "answer a CNI request");
    return { ok: false, body: formatErrorResult(error, scanCniVersion(frame.stdin) ?? newestVersion), error };
  }
}

interface Request<Environment = CniEnvironment> {
  readonly environment: Environment;
  readonly frame: Frame;
  readonly options: AnswerOptions;
  readonly call: CniCall;
}

type EnvironmentOf<Verb extends CniEnvironment["verb"]> = Extract<CniEnvironment, { readonly verb: Verb }>;

/** `Clock.bootMs` at which the daemon answers: a margin before the client's own deadline, and within sane bounds. */
function deadlineOf(frame: Frame, options: AnswerOptions): number {
  const { nowMs } = options;
  const margin = protocol.deadlineMarginMs;
  if (options.spooled === true) return nowMs + protocol.defaultDeadlineMs - margin;
  const asked = Math.min(Math.max(frame.deadlineMs, protocol.minDeadlineMs), protocol.maxDeadlineMs);
  // A client whose clock is ahead of ours cannot have started in the future.
  return Math.min(frame.madeMs, nowMs) + asked - margin;
}

function requireDel(environment: CniEnvironment): void {
  if (environment.verb === "DEL") return;
  throw new PodwireError("INVALID_ENVIRONMENT", `CNI_COMMAND "${environment.verb}" cannot come from the spool`, {
    field: "CNI_COMMAND",
    value: `"${environment.verb}"`,
  });
}

async function carryOut(request: Request, verbs: CniVerbs): Promise<string> {
  const { environment, frame } = request;
  switch (environment.verb) {
    case "ADD":
      return add({ ...request, environment }, verbs);
    case "DEL":
      return del({ ...request, environment }, verbs);
    case "CHECK":
      return check({ ...request, environment }, verbs);
    case "GC":
      return gc(request, verbs);
    case "STATUS":
      return status(request, verbs);
    case "VERSION":
      return answerVersion(frame.stdin);
  }
}

async function add({ environment, frame, call }: Request<EnvironmentOf<"ADD">>, verbs: CniVerbs): Promise<string> {
  const { cniVersion, name, dns, prevResult } = parseNetworkConfig(frame.stdin, "ADD");
  const key = attachmentKey(name, environment.containerId, environment.ifName);
  const { netnsPath, pod } = environment;
  const result = await verbs.add({ key, netnsPath, pod, ...(dns === undefined ? {} : { dns }) }, call);
  return JSON.stringify(toVersion(appendResult(prevResult, result), cniVersion));
}

async function del(request: Request<EnvironmentOf<"DEL">>, verbs: CniVerbs): Promise<string> {
  const { environment, frame, options, call } = request;
  const { containerId, ifName } = environment;
  const made = options.spooled === true ? { madeMs: frame.madeMs } : {};
  await verbs.del({ network: readNetworkName(frame.stdin), containerId, ifName, ...made }, call);
  return "";
}

async function check({ environment, frame, call }: Request<EnvironmentOf<"CHECK">>, verbs: CniVerbs): Promise<string> {
  const { name, prevResult } = parseNetworkConfig(frame.stdin, "CHECK");
  const key = attachmentKey(name, environment.containerId, environment.ifName);
  if (prevResult === undefined) {
    throw new PodwireError("INVALID_NETWORK_CONFIG", "prevResult is missing, CHECK needs it", { field: "prevResult" });
  }
  await verbs.check({ key, netnsPath: environment.netnsPath, prevResult }, call);
  return "";
}

async function gc({ frame, call }: Request, verbs: CniVerbs): Promise<string> {
  const { name, validAttachments } = parseNetworkConfig(frame.stdin, "GC");
  await verbs.gc({ network: name, validAttachments }, call);
  return "";
}

async function status({ frame, call }: Request, verbs: CniVerbs): Promise<string> {
  await verbs.status({ network: parseNetworkConfig(frame.stdin, "STATUS").name }, call);
  return "";
}
