import { type CallOptions, PodwireError } from "@podwire/core";
import type { FaultyOutcome } from "@podwire/testkit";
import type { ComputeAction, ComputeApi } from "../api.ts";
import { type ComputeCall, type ComputeFailure, errorOfFailure } from "../errors.ts";
import { askedFor, instanceOf, networkOf, operationOf, routeOf, subnetworkOf } from "../resource.ts";
import type { ComputeResult, Resource } from "./answers.ts";
import type { FakeGceBackend } from "./fake-gce.ts";
import { httpStatusByReason } from "./refusals.ts";
import type { ComputeCommand, ComputeRequests } from "./requests.ts";

/** The first door: the same calls, refusals and faults as on the wire, judged by the same table, without bytes. */
export function createInProcessApi(backend: FakeGceBackend, caller: string): ComputeApi {
  const call = <A extends ComputeAction>(
    { object, ...command }: { readonly action: A; readonly request: ComputeRequests[A]; readonly object: string },
    options: CallOptions,
  ) =>
    callOnce({ action: command.action, object, ...askedFor(command.request) }, options, () =>
      backend.perform(command as unknown as ComputeCommand, caller),
    );
  return {
    async getInstance(request, options) {
      return instanceOf(await call({ action: "instances.get", request, object: request.instance }, options));
    },
    async updateNetworkInterface(request, options) {
      const object = `${request.instance} ${request.networkInterface}`;
      return operationOf(await call({ action: "instances.updateNetworkInterface", request, object }, options));
    },
    async getSubnetwork(request, options) {
      return subnetworkOf(await call({ action: "subnetworks.get", request, object: request.subnetwork }, options));
    },
    async getNetwork(request, options) {
      return networkOf(await call({ action: "networks.get", request, object: request.network }, options));
    },
    async listRoutes({ project, network }, options) {
      const request = { project, filter: `(network eq ${network})`, maxResults: 100_000 };
      const list = await call({ action: "routes.list", request, object: network }, options);
      return ((list["items"] ?? []) as readonly Resource[]).map(routeOf);
    },
    async insertRoute(request, options) {
      return operationOf(await call({ action: "routes.insert", request, object: request.route.name }, options));
    },
    async deleteRoute(request, options) {
      return operationOf(await call({ action: "routes.delete", request, object: request.route }, options));
    },
    async waitZoneOperation(request, options) {
      return operationOf(await call({ action: "zoneOperations.wait", request, object: request.operation }, options));
    },
    async waitGlobalOperation(request, options) {
      return operationOf(await call({ action: "globalOperations.wait", request, object: request.operation }, options));
    },
  };
}

async function callOnce(
  call: ComputeCall,
  { signal }: CallOptions,
  perform: () => Promise<FaultyOutcome<ComputeResult>>,
): Promise<Resource> {
  if (signal.aborted) throw new PodwireError("CANCELLED", `compute.${call.action} was cancelled before it was sent`);
  const outcome = await new Promise<FaultyOutcome<ComputeResult>>((resolve, reject) => {
    const abort = () => reject(errorOfFailure(call, { kind: "aborted" }));
    signal.addEventListener("abort", abort, { once: true });
    perform()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
  if (outcome.kind === "answered" && "answer" in outcome.answer) return outcome.answer.answer;
  throw errorOfFailure(call, failureOf(outcome));
}

function failureOf(outcome: FaultyOutcome<ComputeResult>): ComputeFailure {
  if (outcome.kind === "lost") {
    const status = outcome.how === "html-503" ? { httpStatus: 503 } : {};
    return { kind: "unanswered", message: `the answer was lost (${outcome.how})`, ...status };
  }
  if (outcome.kind === "refused") {
    const { code, message = "the fault plan refuses the call", retryAfterMs } = outcome.fail;
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
    return { kind: "refused", reason: code, message, httpStatus: httpStatusByReason[code] ?? 400, ...retry };
  }
  if ("refusal" in outcome.answer) return { kind: "refused", ...outcome.answer.refusal };
  throw new PodwireError("INTERNAL", "an answer was taken for a failure");
}
