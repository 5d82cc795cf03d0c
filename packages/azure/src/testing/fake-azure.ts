import { type Clock, type NodeIdentity, type NodeRef, PodwireError, parseAddress, parseMac } from "@podwire/core";
import { callWithFaults, FaultPlan, type FaultyOutcome, SeededRandom } from "@podwire/testkit";
import { type ArmAction, type ArmApi, armActions, type NetworkInterface, type RouteTable } from "../api.ts";
import { networkIdOf } from "../resource-id.ts";
import { Admission, type AdmissionOptions } from "./admission.ts";
import type { FakeAnswer } from "./answer-document.ts";
import { CallLog } from "./call-log.ts";
import { createInProcessApi } from "./in-process-api.ts";
import { serveMetadata } from "./metadata-server.ts";
import { ArmModel, type OperationCourse, type Written } from "./model.ts";
import { PastDocuments } from "./past-documents.ts";
import { readAnswer } from "./read-answer.ts";
import { type FakeRequest, type Refusal, refusalDocument } from "./refusal-row.ts";
import { type FakeArmServer, serveRest } from "./rest-server.ts";
import { type ArmRequest, type FakeAction, type RequestRoute, routeOfRequest } from "./route-of-request.ts";
import type { ScenarioInput } from "./scenario.ts";
import type { FakeServer, ListenAddress } from "./server.ts";
import { routeEdit } from "./single-route.ts";

export interface FakeAzureOptions {
  readonly scenario: ScenarioInput;
  readonly clock: Clock;
  /** Ids, etags and MAC addresses come from it. Default: seed 1. */
  readonly random?: SeededRandom;
  /** Actions are those of api.ts and `Metadata`; codes are ARM's (an HTTP status for `Metadata`). */
  readonly faults?: FaultPlan;
  readonly behaviour?: FakeAzureBehaviour;
}

/** How the fake answers, beside what stands in it. */
export interface FakeAzureBehaviour {
  /** How long a call takes, by action, half of it before the fake acts and half after. */
  readonly latencyMs?: Readonly<Partial<Record<ArmAction, number>>>;
  /** How long a write goes on after it was accepted. Default 0: its operation is over when it is first asked about. */
  readonly operationMs?: number;
  /** Tells that a subnet is full by the operation's end instead of refusing the request. Azure does both. */
  readonly refusesInOperation?: boolean;
  /** How long reads lag behind what was changed. */
  readonly readLagMs?: number;
  readonly admission?: AdmissionOptions;
  /** Interfaces on one page of a list. Default 100. */
  readonly pageSize?: number;
}

/** What the doors of the fake have in common. */
export interface FakeAzureBackend {
  readonly model: ArmModel;
  readonly clock: Clock;
  readonly faults: FaultPlan;
  /** Logs the call, lets go wrong what the plan says, and carries it out. */
  perform(request: ArmRequest, from: Asking): Promise<FaultyOutcome<FakeAnswer>>;
}

/** Who asks, and by which address he reaches the fake. */
export interface Asking {
  readonly caller: string;
  readonly baseUrl: string;
}

/** Azure Resource Manager over one state, with an in-process door and a door on the wire. */
export class FakeAzure implements FakeAzureBackend {
  readonly model: ArmModel;
  readonly log = new CallLog();
  readonly clock: Clock;
  readonly faults: FaultPlan;
  readonly #behaviour: FakeAzureBehaviour;
  readonly #admission: Admission;
  readonly #past: PastDocuments;
  #nextError: Pick<OperationCourse, "error" | "atMost"> | undefined;

  /** @throws INVALID_DAEMON_CONFIG when the scenario cannot be */
  constructor({ scenario, clock, random = new SeededRandom(1), faults, behaviour = {} }: FakeAzureOptions) {
    this.clock = clock;
    this.model = new ArmModel(scenario, random.fork());
    this.faults = faults ?? new FaultPlan([], random.fork());
    this.#behaviour = behaviour;
    this.#admission = new Admission(clock, behaviour.admission ?? {});
    this.#past = new PastDocuments(clock, this.model, behaviour.readLagMs ?? 0);
  }

  /** The adapter's own interface, without wire and SDK. */
  api(caller = "in-process"): ArmApi {
    return createInProcessApi(this, caller);
  }

  /** ARM's REST interface over HTTPS, for the SDK. */
  serveRest(address: ListenAddress): Promise<FakeArmServer> {
    return serveRest(this, address);
  }

  /** The metadata service, for PODWIRE_AZURE_METADATA_ENDPOINT or at 169.254.169.254. */
  serveMetadata(address: ListenAddress & { readonly machineName?: string }): Promise<FakeServer> {
    return serveMetadata(this, address);
  }

  /** The next write is accepted, and its operation ends in this error after so many of the additions were made. */
  failNextOperation(error: { readonly code: string; readonly message: string }, afterAdding = 0): void {
    this.#nextError = { error, atMost: afterAdding };
  }

  /** Who a machine of the scenario is, as its metadata tell. @throws CLOUD_NOT_FOUND */
  identity(machineName: string): NodeIdentity {
    const node = this.nodeRef(machineName);
    return { self: () => Promise.resolve(node) };
  }

  /** @throws CLOUD_NOT_FOUND */
  nodeRef(machineName: string): NodeRef {
    const id = this.model.idOf("Microsoft.Compute/virtualMachines", machineName);
    const machine = this.model.world.machines.get(id.toLowerCase());
    const primary = machine?.properties.networkProfile.networkInterfaces[0]?.id ?? "";
    const own = this.model.world.interfaces.get(primary.toLowerCase());
    const [configuration] = own?.properties.ipConfigurations ?? [];
    if (machine === undefined || configuration === undefined) {
      throw new PodwireError("CLOUD_NOT_FOUND", `machine ${machineName} does not exist`, { value: machineName });
    }
    const [zone] = machine.zones;
    return {
      cloud: "azure",
      id,
      instanceType: machine.properties.hardwareProfile.vmSize,
      region: machine.location,
      zone: zone === undefined ? machine.location : `${machine.location}-${zone}`,
      networkId: networkIdOf(configuration.properties.subnet?.id ?? ""),
      primaryMac: parseMac((own?.properties.macAddress ?? "").replaceAll("-", ":")),
      primaryAddress: parseAddress(configuration.properties.privateIPAddress ?? ""),
    };
  }

  perform(request: ArmRequest, { caller, baseUrl }: Asking): Promise<FaultyOutcome<FakeAnswer>> {
    const route = routeOfRequest(request);
    const { action } = route;
    this.log.record({ action, atMs: this.clock.bootMs(), caller, path: request.path });
    const injection = this.faults.consult({ action, caller, parameters: request });
    const halfMs = (isPodwireAction(action) ? (this.#behaviour.latencyMs?.[action] ?? 0) : 0) / 2;
    const delays = {
      delayBeforeMs: injection.delayBeforeMs + halfMs,
      delayAfterMs: injection.delayAfterMs + halfMs,
    };
    return callWithFaults(this.clock, { ...injection, ...delays }, (atMost) =>
      this.#answer({ request, route, baseUrl, atMost }),
    );
  }

  #answer({ request, route, baseUrl, atMost }: Arrived): FakeAnswer {
    const nowMs = this.clock.bootMs();
    const { ifMatch, body } = request;
    const asked: FakeRequest<unknown> = { route, ifMatch, body, nowMs };
    const refusal = this.#admission.refusalOf(route.action) ?? this.model.refusalOf(asked);
    if (refusal !== undefined) return refused(refusal);
    if (request.method === "GET") {
      const { model } = this;
      const context = { model, past: this.#past, nowMs, pageSize: this.#behaviour.pageSize ?? 100, baseUrl };
      const document = readAnswer(context, route);
      const headers: Record<string, string> = document?.["status"] === "InProgress" ? { "retry-after": "1" } : {};
      return { status: document === undefined ? 404 : 200, headers, document };
    }
    return this.#write(asked, { baseUrl, atMost });
  }

  #write(asked: FakeRequest<unknown>, { baseUrl, atMost }: Pick<Arrived, "baseUrl" | "atMost">): FakeAnswer {
    const course = { durationMs: this.#behaviour.operationMs ?? 0, atMost, ...this.#nextError };
    this.#nextError = undefined;
    const written = this.#carryOut(asked, course);
    if ("refusal" in written && !this.#isToldLater(written.refusal)) return refused(written.refusal);
    const { refusal } = "refusal" in written ? written : { refusal: undefined };
    const operation =
      "refusal" in written
        ? this.model.failOperation(asked.route.id, asked.nowMs, { ...course, error: written.refusal })
        : written.operation;
    const { location, subscriptionId } = this.model.world.scenario;
    const path = `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${location}/operations`;
    const document = "document" in written ? { ...written.document } : { ...this.#past.asShown(asked.route.id) };
    return {
      status: refusal === undefined ? 200 : 201,
      headers: {
        "azure-asyncoperation": `${baseUrl}${path}/${operation.id}?api-version=2025-05-01`,
        ...(course.durationMs === 0 ? {} : { "retry-after": "1" }),
      },
      document,
    };
  }

  #carryOut(asked: FakeRequest<unknown>, course: OperationCourse): Written<NetworkInterface | RouteTable> {
    if (asked.route.action === "networkInterfaces.createOrUpdate") {
      return this.model.putInterface(asked as FakeRequest<NetworkInterface>, course);
    }
    const table = routeEdit(this.model.world, asked);
    return this.model.putRouteTable(table, course);
  }

  #isToldLater({ code }: Refusal): boolean {
    return this.#behaviour.refusesInOperation === true && /Subnet.*Full/.test(code);
  }
}

interface Arrived {
  readonly request: ArmRequest;
  readonly route: RequestRoute;
  readonly baseUrl: string;
  readonly atMost: number;
}

function isPodwireAction(action: FakeAction): action is ArmAction {
  return action in armActions;
}

function refused(refusal: Refusal): FakeAnswer {
  const { httpStatus, retryAfterSeconds } = refusal;
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { "retry-after": `${retryAfterSeconds}` };
  return { status: httpStatus, headers, document: refusalDocument(refusal) };
}
