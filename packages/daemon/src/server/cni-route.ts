import {
  answerCni,
  type Clock,
  type CniAnswer,
  type CniVerbs,
  decodeFrame,
  errorFrom,
  type Frame,
  type Logger,
  type Metrics,
  type PodwireError,
  protocol,
} from "@podwire/core";
import { cniVerbs, formatErrorResult, newestVersion } from "@podwire/core/cni";
import { jsonReply, type Reply, type Request, type Route } from "./route.ts";

export interface CniRouteOptions {
  readonly verbs: CniVerbs;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** `POST /v1/cni`: a frame in, what goes to the runtime's standard output out. */
export function cniRoute(options: CniRouteOptions): Route {
  return {
    method: "POST",
    path: protocol.cniPath,
    maxBodyBytes: protocol.maxFrameBytes,
    respond: (request) => respond(request, options),
  };
}

async function respond(request: Request, options: CniRouteOptions): Promise<Reply> {
  const { verbs, clock } = options;
  const frame = tryDecode(request.body);
  if ("refusal" in frame) return jsonReply(protocol.cniErrorStatus, frame.refusal);
  const elapsedMs = clock.startStopwatch();
  const answer = await answerCni(frame, verbs, { nowMs: clock.bootMs(), signal: request.signal });
  record(frame, answer, { ...options, durationMs: elapsedMs() });
  return jsonReply(answer.ok ? protocol.okStatus : protocol.cniErrorStatus, answer.body);
}

function tryDecode(body: Uint8Array): Frame | { readonly refusal: string } {
  try {
    return decodeFrame(body);
  } catch (thrown) {
    return { refusal: formatErrorResult(errorFrom(thrown), newestVersion) };
  }
}

function record(frame: Frame, answer: CniAnswer, options: CniRouteOptions & { readonly durationMs: number }): void {
  const { metrics, log, durationMs } = options;
  const asked = frame.environment.get("CNI_COMMAND");
  const verb = cniVerbs.find((each) => each === asked) ?? "unknown";
  const outcome = answer.error?.code ?? "ok";
  metrics.observe("podwire_cni_request_seconds", { verb, outcome }, durationMs / 1000);
  const containerId = frame.environment.get("CNI_CONTAINERID");
  const ifName = frame.environment.get("CNI_IFNAME");
  const fields = { verb, containerId, ifName, durationMs };
  if (answer.error === undefined) log.info("CNI request done", fields);
  else log.warn("CNI request failed", { ...fields, ...factsOf(answer.error) });
}

function factsOf({ code, message, details }: PodwireError) {
  return { code, message, details };
}
