import { PodwireError } from "@podwire/core";
import { SeededRandom } from "@podwire/testkit";
import type { OperationError } from "../api.ts";
import { lastNameOf } from "../resource-path.ts";
import { findInterface, replaceRanges } from "./alias-life.ts";
import { type Refusal, refusalOf } from "./refusals.ts";
import type { AliasRequest, ChangeCommand, ComputeRequests, RouteBody } from "./requests.ts";
import { parseScenario, type Scenario, type ScenarioInput } from "./scenario.ts";
import {
  buildWorld,
  type FakeInstance,
  type FakeOperation,
  type FakeRoute,
  newFingerprint,
  spaceOf,
  urlOf,
  type World,
} from "./world.ts";

/** Compute Engine's objects and rules, without time, doors or faults. */
export class ComputeModel {
  readonly world: World;
  readonly #random: SeededRandom;
  readonly #underWay = new Map<string, ChangeCommand>();
  readonly #byRequestId = new Map<string, string>();
  readonly #listeners = new Set<(world: World) => void>();

  /** @throws INVALID_DAEMON_CONFIG when the scenario cannot be */
  constructor(scenario: ScenarioInput | Scenario, random: SeededRandom = new SeededRandom(1)) {
    this.#random = random;
    this.world = buildWorld(parseScenario(scenario), random);
  }

  instance(name: string): FakeInstance {
    const found = this.world.instances.get(name);
    if (found === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `instance ${name} does not exist`);
    return found;
  }

  /** Calls the listener inside every change of aliases, routes and instances, after it. Returns what ends that. */
  subscribe(listener: (world: World) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a change and answers with its operation; nothing has happened yet. */
  submit(command: ChangeCommand): FakeOperation | { readonly refusal: Refusal } {
    const { requestId } = command.request;
    const earlier = requestId === undefined ? undefined : this.#byRequestId.get(requestId);
    const known = earlier === undefined ? undefined : this.world.operations.get(earlier);
    if (known !== undefined) return known;
    const refusal = refusalOf(command.action, this.world, command.request as never);
    if (refusal !== undefined) return { refusal };
    const operation = this.#newOperation(command);
    this.world.operations.set(operation.name, operation);
    this.#underWay.set(operation.name, command);
    if (requestId !== undefined) this.#byRequestId.set(requestId, operation.name);
    return operation;
  }

  /** Ends an operation. What was right when it was submitted may be wrong now. @param failure fails it instead */
  complete(name: string, failure?: OperationError): void {
    const command = this.#underWay.get(name);
    const operation = this.world.operations.get(name);
    if (command === undefined || operation === undefined) return;
    this.#underWay.delete(name);
    const error = failure ?? this.#apply(command);
    this.world.operations.set(name, { ...operation, done: true, ...(error === undefined ? {} : { error }) });
    if (error === undefined) this.#notify();
  }

  /** Back door: what a person does in the console. @throws CLOUD_REJECTED with the reason */
  setAliasRanges(instance: string, networkInterface: string, ranges: AliasRequest["aliasIpRanges"]): void {
    const { project } = this.world;
    const { zone, networkInterfaces } = this.instance(instance);
    const fingerprint = networkInterfaces.find(({ name }) => name === networkInterface)?.fingerprint;
    const request = { project, zone, instance, networkInterface, fingerprint, aliasIpRanges: ranges };
    this.#byBackDoor({ action: "instances.updateNetworkInterface", request });
  }

  /** Back door. @throws CLOUD_REJECTED with the reason */
  insertRoute(route: RouteBody): void {
    this.#byBackDoor({ action: "routes.insert", request: { project: this.world.project, route } });
  }

  /** Back door. @throws CLOUD_REJECTED with the reason */
  deleteRoute(route: string): void {
    this.#byBackDoor({ action: "routes.delete", request: { project: this.world.project, route } });
  }

  /** Back door: the instance is gone with all it has; routes to it stay. */
  deleteInstance(name: string): void {
    for (const own of this.instance(name).networkInterfaces) replaceRanges(this.world, own, []);
    this.world.instances.delete(name);
    this.#notify();
  }

  /** Somebody else takes addresses of a range until so many are free. Returns what gives them back. */
  occupy(subnetwork: string, rangeName: string, leaveFree: number): () => void {
    const space = this.#space(subnetwork, rangeName);
    const taken = Array.from({ length: Math.max(space.freeCount - leaveFree, 0) }, () => space.take(32));
    return () => {
      for (const cidr of taken) if (cidr !== undefined) space.release(cidr);
    };
  }

  /** Somebody else takes addresses of a range so that single ones are free and no /28. */
  fragment(subnetwork: string, rangeName: string): () => void {
    return this.#space(subnetwork, rangeName).fragment(28);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener(this.world);
  }

  #space(subnetwork: string, rangeName: string) {
    const space = spaceOf(this.world, subnetwork, rangeName);
    if (space === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `range ${subnetwork}/${rangeName} is not`);
    return space;
  }

  #byBackDoor(command: ChangeCommand): void {
    const submitted = this.submit(command);
    if ("refusal" in submitted) throw rejected(submitted.refusal.message, submitted.refusal.reason);
    this.complete(submitted.name);
    const { error } = this.world.operations.get(submitted.name) ?? {};
    if (error !== undefined) throw rejected(error.message, error.code);
  }

  #newOperation({ action, request }: ChangeCommand): FakeOperation {
    const scope = "zone" in request ? request.zone : "global";
    return {
      name: `operation-${this.#random.hex(16)}`,
      id: String(BigInt(`0x7${this.#random.hex(15)}`)),
      scope,
      action,
      targetLink: urlOf(this.world, targetPath({ action, request } as ChangeCommand)),
      done: false,
    };
  }

  #apply(command: ChangeCommand): OperationError | undefined {
    const late = refusalOf(command.action, this.world, command.request as never);
    if (late !== undefined) return operationErrorOf(late);
    if (command.action === "instances.updateNetworkInterface") return this.#applyAliases(command.request);
    if (command.action === "routes.delete") this.world.routes.delete(command.request.route);
    else this.#applyRoute(command.request);
    return undefined;
  }

  #applyAliases(request: AliasRequest): OperationError | undefined {
    const instance = this.instance(request.instance);
    const own = findInterface(this.world, request);
    if (own === undefined || request.aliasIpRanges === undefined) return undefined;
    const result = replaceRanges(this.world, own, request.aliasIpRanges);
    if ("error" in result) return result.error;
    const changed = { ...own, ...result, fingerprint: newFingerprint(this.#random) };
    const networkInterfaces = instance.networkInterfaces.map((one) => (one === own ? changed : one));
    this.world.instances.set(instance.name, { ...instance, networkInterfaces });
    return undefined;
  }

  #applyRoute({ route }: ComputeRequests["routes.insert"]): void {
    const { name = "", description = "", destRange = "", priority = 1000 } = route;
    const stored: FakeRoute = {
      name,
      description,
      destRange,
      priority,
      network: urlOf(this.world, `global/networks/${lastNameOf(route.network ?? "")}`),
      ...(route.nextHopInstance === undefined ? {} : { nextHopInstance: this.#instanceUrl(route.nextHopInstance) }),
      ...(route.nextHopGateway === undefined ? {} : { nextHopGateway: route.nextHopGateway }),
      ...(route.nextHopIp === undefined ? {} : { nextHopIp: route.nextHopIp }),
    };
    this.world.routes.set(name, stored);
  }

  #instanceUrl(text: string): string {
    const { zone, name } = this.instance(lastNameOf(text));
    return urlOf(this.world, `zones/${zone}/instances/${name}`);
  }
}

function targetPath({ action, request }: ChangeCommand): string {
  if (action === "instances.updateNetworkInterface") return `zones/${request.zone}/instances/${request.instance}`;
  return `global/routes/${action === "routes.insert" ? request.route.name : request.route}`;
}

/** The same refusals, as operations tell them. */
function operationErrorOf({ reason, message, httpStatus }: Refusal): OperationError {
  const codes: Readonly<Record<string, string>> = {
    conditionNotMet: "CONDITION_NOT_MET",
    alreadyExists: "RESOURCE_ALREADY_EXISTS",
    notFound: "RESOURCE_NOT_FOUND",
    quotaExceeded: "QUOTA_EXCEEDED",
  };
  return { code: codes[reason] ?? "INVALID_USAGE", message, httpStatus };
}

function rejected(message: string, reason: string): PodwireError {
  return new PodwireError("CLOUD_REJECTED", `the fake Compute Engine refuses: ${message}`, { details: reason });
}
