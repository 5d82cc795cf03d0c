import { type CallOptions, PodwireError } from "@podwire/core";
import type { FaultyOutcome } from "@podwire/testkit";
import type { ArmApi, NetworkInterface, RouteTable, VirtualMachine, VirtualNetwork } from "../api.ts";
import { type ArmAnswer, acceptanceOf, documentOf, failureOfAnswer, operationStateOf } from "../arm-answer.ts";
import { askedIn } from "../asked-prefixes.ts";
import { type ArmCall, type ArmFailure, errorOfFailure } from "../errors.ts";
import { parseResourceId } from "../resource-id.ts";
import type { FakeAnswer } from "./answer-document.ts";
import type { FakeAzureBackend } from "./fake-azure.ts";
import { answerOfFault } from "./fault-answer.ts";
import type { ArmRequest } from "./route-of-request.ts";

const inProcessUrl = "https://in-process";
const version = "api-version=2025-05-01";

/** The first door: the same calls, refusals and faults as on the wire, judged by the same table, without bytes. */
export function createInProcessApi(backend: FakeAzureBackend, caller: string): ArmApi {
  const send = (call: ArmCall, request: ArmRequest, options: CallOptions) =>
    sendOnce(call, options, () => backend.perform(request, { caller, baseUrl: inProcessUrl }));
  const get = async <T>(call: ArmCall, path: string, options: CallOptions) =>
    documentIn<T>(call, await send(call, { method: "GET", path }, options));
  const put = async (call: ArmCall, document: NetworkInterface | RouteTable, options: CallOptions) => {
    const request = {
      method: "PUT",
      path: `${document.id}?${version}`,
      ifMatch: document.etag,
      body: copyOf(document),
    };
    return acceptanceOf(await send(call, request, options));
  };
  return {
    async getVirtualMachine(id, options) {
      parseResourceId(id, "Microsoft.Compute/virtualMachines");
      return get<VirtualMachine>({ action: "virtualMachines.get", object: id }, `${id}?${version}`, options);
    },
    async getNetworkInterface(id, options) {
      parseResourceId(id, "Microsoft.Network/networkInterfaces");
      return get<NetworkInterface>({ action: "networkInterfaces.get", object: id }, `${id}?${version}`, options);
    },
    async listNetworkInterfaces({ subscriptionId, resourceGroup }, options) {
      const call: ArmCall = { action: "networkInterfaces.list", object: resourceGroup };
      const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
      const found: NetworkInterface[] = [];
      let path: string | undefined = `${group}/providers/Microsoft.Network/networkInterfaces?${version}`;
      while (path !== undefined) {
        const page: Page = await get<Page>(call, path, options);
        found.push(...page.value);
        path = page.nextLink?.slice(inProcessUrl.length);
      }
      return found;
    },
    putNetworkInterface: (document, options) =>
      put({ action: "networkInterfaces.createOrUpdate", object: document.id, ...askedIn(document) }, document, options),
    async getVirtualNetwork(id, options) {
      parseResourceId(id, "Microsoft.Network/virtualNetworks");
      return get<VirtualNetwork>({ action: "virtualNetworks.get", object: id }, `${id}?${version}`, options);
    },
    async isAddressAvailable({ virtualNetworkId: id, ipAddress }, options) {
      const call: ArmCall = { action: "virtualNetworks.checkIPAddressAvailability", object: id };
      const path = `${id}/CheckIPAddressAvailability?ipAddress=${ipAddress}&${version}`;
      return (await get<{ readonly available: boolean }>(call, path, options)).available;
    },
    async getRouteTable(id, options) {
      parseResourceId(id, "Microsoft.Network/routeTables");
      return get<RouteTable>({ action: "routeTables.get", object: id }, `${id}?${version}`, options);
    },
    putRouteTable: (document, options) =>
      put({ action: "routeTables.createOrUpdate", object: document.id }, document, options),
    async getOperation({ url }, options) {
      const call: ArmCall = { action: "operations.get", object: url };
      return operationStateOf(await send(call, { method: "GET", path: url.slice(inProcessUrl.length) }, options));
    },
  };
}

interface Page {
  readonly value: readonly NetworkInterface[];
  readonly nextLink?: string;
}

async function sendOnce(
  call: ArmCall,
  { signal }: CallOptions,
  perform: () => Promise<FaultyOutcome<FakeAnswer>>,
): Promise<ArmAnswer> {
  if (signal.aborted) throw new PodwireError("CANCELLED", `${call.action} was cancelled before it was sent`);
  const outcome = await new Promise<FaultyOutcome<FakeAnswer>>((resolve, reject) => {
    const abort = () => reject(errorOfFailure(call, { kind: "aborted" }));
    signal.addEventListener("abort", abort, { once: true });
    perform()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
  if (outcome.kind === "lost") throw errorOfFailure(call, lossOf(outcome.how));
  const answer = answerFrom(outcome.kind === "answered" ? outcome.answer : answerOfFault(outcome.fail));
  const failure = failureOfAnswer(answer);
  if (failure !== undefined) throw errorOfFailure(call, failure);
  return answer;
}

function lossOf(how: string): ArmFailure {
  const status = how === "html-503" ? { httpStatus: 503 } : {};
  return { kind: "unanswered", message: `the answer was lost (${how})`, ...status };
}

function answerFrom({ status, headers, document }: FakeAnswer): ArmAnswer {
  return { status, body: document === undefined ? "" : JSON.stringify(document), header: (name) => headers[name] };
}

function documentIn<T>(call: ArmCall, answer: ArmAnswer): T {
  const document = documentOf(answer);
  if (document === undefined) throw errorOfFailure(call, { kind: "unanswered", message: "the answer has no document" });
  return document as T;
}

/** What the caller keeps is his. */
function copyOf<T>(document: T): T {
  return JSON.parse(JSON.stringify(document)) as T;
}
