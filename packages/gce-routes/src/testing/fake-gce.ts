import { type Clock, type NodeIdentity, type NodeRef, PodwireError } from "@podwire/core";
import { callWithFaults, FaultPlan, type FaultyOutcome, SeededRandom } from "@podwire/testkit";
import type { ComputeAction, ComputeApi } from "../api.ts";
import { type ComputeResult, operationResource, read } from "./answers.ts";
import { CallLog } from "./call-log.ts";
import { createInProcessApi } from "./in-process-api.ts";
import { serveMetadata } from "./metadata-server.ts";
import { ComputeModel } from "./model.ts";
import { PastInstances } from "./past-instances.ts";
import { type ChangeCommand, type ComputeCommand, isChange } from "./requests.ts";
import { serveRest } from "./rest-server.ts";
import type { ScenarioInput } from "./scenario.ts";
import type { FakeServer, ListenAddress } from "./server.ts";

export interface FakeGceOptions {
  readonly scenario: ScenarioInput;
  readonly clock: Clock;
  /** Names, fingerprints and ids come from it. Default: seed 1. */
  readonly random?: SeededRandom;
  /**
   * Actions are those of `computeActions` and `Metadata`; codes are Compute Engine's reasons (an HTTP status for
   * `Metadata`). `instances.updateNetworkInterface#operation` and the like are about what was accepted: `fail` is an
   * operation's error code, `delay` makes it longer.
   */
  readonly faults?: FaultPlan;
  /** How long a call takes, half of it before it acts and half after. Default: no time. */
  readonly latencyMs?: (action: ComputeAction) => number;
  /** How long an operation takes after it was accepted. Default: no time. */
  readonly operationMs?: number;
  /** After so long a wait answers although the operation goes on. Default 2 min (unverified). */
  readonly waitMs?: number;
  /** How long instances.get lags behind. Default: not at all. */
  readonly readLagMs?: number;
}

/** What the doors of the fake have in common. */
export interface FakeGceBackend {
  readonly model: ComputeModel;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faults: FaultPlan;
  /** Logs the call, lets go wrong what the plan says, and carries it out. */
  perform(command: ComputeCommand, caller: string): Promise<FaultyOutcome<ComputeResult>>;
}

/** Compute Engine and the metadata server over one state, with an in-process door and a door on the wire. */
export class FakeGce implements FakeGceBackend {
  readonly model: ComputeModel;
  readonly log = new CallLog();
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faults: FaultPlan;
  readonly #options: Required<Pick<FakeGceOptions, "latencyMs" | "operationMs" | "waitMs" | "readLagMs">>;
  readonly #past: PastInstances;
  readonly #endsAtMs = new Map<string, number>();

  /** @throws INVALID_DAEMON_CONFIG when the scenario cannot be */
  constructor({ scenario, clock, random = new SeededRandom(1), faults, ...options }: FakeGceOptions) {
    this.clock = clock;
    this.random = random;
    this.model = new ComputeModel(scenario, random.fork());
    this.faults = faults ?? new FaultPlan([], random.fork());
    this.#options = { latencyMs: () => 0, operationMs: 0, waitMs: 120_000, readLagMs: 0, ...options };
    this.#past = new PastInstances(clock, this.model);
  }

  /** The adapter's own interface, without wire and SDK. */
  api(caller = "in-process"): ComputeApi {
    return createInProcessApi(this, caller);
  }

  /** Who an instance of the scenario is, as its metadata tell. @throws CLOUD_NOT_FOUND */
  identity(instance: string): NodeIdentity {
    const node = this.nodeRef(instance);
    return { self: () => Promise.resolve(node) };
  }

  /** @throws CLOUD_NOT_FOUND */
  nodeRef(name: string): NodeRef {
    const { zone, machineType, networkInterfaces } = this.model.instance(name);
    const { project, subnetworks } = this.model.world;
    const [primary] = networkInterfaces;
    if (primary === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `instance ${name} has no interface`);
    return {
      cloud: "gce",
      id: `projects/${project}/zones/${zone}/instances/${name}`,
      instanceType: machineType,
      region: subnetworks.get(primary.subnetwork)?.region ?? "",
      zone,
      networkId: `projects/${project}/global/networks/${primary.network}`,
      primaryMac: primary.macAddress,
      primaryAddress: primary.networkIP,
    };
  }

  /** The REST interface over HTTP, for CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE. */
  serveRest(listen: ListenAddress): Promise<FakeServer> {
    return serveRest(this, listen);
  }

  /**
   * The metadata server, for GCE_METADATA_HOST or at 169.254.169.254. Who asks is told by the address he asks from (an
   * instance's primary address) unless `instance` says that it is always the same one.
   */
  serveMetadata(listen: ListenAddress & { readonly instance?: string }): Promise<FakeServer> {
    return serveMetadata(this, listen);
  }

  perform(command: ComputeCommand, caller: string): Promise<FaultyOutcome<ComputeResult>> {
    const { action, request } = command;
    this.log.record({ action, atMs: this.clock.bootMs(), caller, request });
    const injection = this.faults.consult({ action, caller, parameters: request });
    const halfMs = this.#options.latencyMs(action) / 2;
    const [delayBeforeMs, delayAfterMs] = [injection.delayBeforeMs + halfMs, injection.delayAfterMs + halfMs];
    const pausedMs = delayBeforeMs + this.#waitOf(command, delayBeforeMs);
    return callWithFaults(this.clock, { ...injection, delayBeforeMs: pausedMs, delayAfterMs }, () =>
      this.#carryOut(command, caller),
    );
  }

  #carryOut(command: ComputeCommand, caller: string): ComputeResult {
    if (!isChange(command)) return read(this.model, command, this.#past.asOf(this.#options.readLagMs));
    const submitted = this.model.submit(command);
    if ("refusal" in submitted) return submitted;
    const answer = operationResource(this.model.world, submitted.name);
    if (!submitted.done && !this.#endsAtMs.has(submitted.name)) this.#schedule(submitted.name, command, caller);
    return { answer };
  }

  /** A wait holds its caller until the operation ends, or for as long as it ever does. */
  #waitOf({ action, request }: ComputeCommand, sinceMs: number): number {
    if (action !== "zoneOperations.wait" && action !== "globalOperations.wait") return 0;
    const endMs = this.#endsAtMs.get(request.operation) ?? 0;
    return Math.min(Math.max(endMs - this.clock.bootMs() - sinceMs, 0), this.#options.waitMs);
  }

  #schedule(name: string, { action, request }: ChangeCommand, caller: string): void {
    const injection = this.faults.consult({ action: `${action}#operation`, caller, parameters: request });
    const { fail, delayBeforeMs, delayAfterMs } = injection;
    const durationMs = this.#options.operationMs + delayBeforeMs + delayAfterMs;
    const message = fail?.message ?? "the fault plan fails the operation";
    const end = () => {
      this.model.complete(name, fail === undefined ? undefined : { code: fail.code, message });
      this.#past.record();
    };
    this.#endsAtMs.set(name, this.clock.bootMs() + durationMs);
    if (durationMs === 0) end();
    else if (Number.isFinite(durationMs)) this.clock.startTimer(durationMs, end);
  }
}
