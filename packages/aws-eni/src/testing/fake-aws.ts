import { type Clock, type NodeIdentity, type NodeRef, PodwireError } from "@podwire/core";
import { callWithFaults, type FaultPlan, type FaultyOutcome, SeededRandom } from "@podwire/testkit";
import type { Ec2Action, Ec2Api } from "../api.ts";
import { Admission, type AdmissionOptions } from "./admission.ts";
import type { Ec2Result } from "./answers.ts";
import { admissionOf, faultPlanOf } from "./behaviour.ts";
import { CallLog } from "./call-log.ts";
import { createInProcessApi } from "./in-process-api.ts";
import { serveMetadata } from "./metadata-server.ts";
import { Ec2Model } from "./model.ts";
import { PastInterfaces } from "./past-interfaces.ts";
import { serveQueryApi } from "./query-server.ts";
import type { Ec2Command } from "./requests.ts";
import { parseScenario, type ScenarioInput } from "./scenario.ts";
import type { FakeServer, ListenAddress } from "./server.ts";
import { type CloudState, isHeldBy, isPrimary } from "./world.ts";

export interface FakeAwsOptions {
  readonly scenario: ScenarioInput;
  readonly clock: Clock;
  /** Ids, MAC addresses and tokens come from it. Default: seed 1. */
  readonly random?: SeededRandom;
  /** Actions are those of EC2 and `Metadata`; codes are EC2's (an HTTP status for `Metadata`). */
  readonly faults?: FaultPlan;
  /**
   * How long EC2 takes for a call, half of it before it acts and half after. What is left out: as the scenario's
   * behaviour says.
   */
  readonly latencyMs?: Latencies | ((action: Ec2Action) => number);
  /** How long DescribeNetworkInterfaces lags behind what was changed; constant. Default: the scenario's. */
  readonly describeLagMs?: number;
  /** How long the metadata service lags behind what was changed; constant. Default: the scenario's. */
  readonly metadataLagMs?: number;
  /** What is throttled or denied. Default: the scenario's. */
  readonly admission?: AdmissionOptions;
}

/** By action; an action that is not named takes no time. */
export type Latencies = Readonly<Partial<Record<Ec2Action, number>>>;

/** What the doors of the fake have in common. */
export interface FakeAwsBackend {
  readonly model: Ec2Model;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faults: FaultPlan;
  /** What the metadata service tells from. */
  metadataState(): CloudState;
  /** Logs the call, lets go wrong what the plan says, and carries it out. */
  perform(command: Ec2Command, caller: string): Promise<FaultyOutcome<Ec2Result>>;
}

/** EC2 and the instance metadata service over one state, with an in-process door and a door on the wire. */
export class FakeAws implements FakeAwsBackend {
  readonly model: Ec2Model;
  readonly log = new CallLog();
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faults: FaultPlan;
  readonly #latencyMs: (action: Ec2Action) => number;
  readonly #admission: Admission;
  readonly #describeLagMs: number;
  readonly #metadataLagMs: number;
  readonly #past: PastInterfaces;

  /** @throws INVALID_DAEMON_CONFIG when the scenario cannot be */
  constructor({ scenario, clock, random = new SeededRandom(1), ...options }: FakeAwsOptions) {
    const parsed = parseScenario(scenario);
    const { behaviour } = parsed;
    this.clock = clock;
    this.random = random;
    this.model = new Ec2Model(parsed, random.fork());
    this.faults = options.faults ?? faultPlanOf(behaviour, random.fork());
    this.#latencyMs = latencyOf(options.latencyMs ?? behaviour.latencyMs);
    this.#admission = new Admission(clock, options.admission ?? admissionOf(behaviour));
    this.#describeLagMs = options.describeLagMs ?? behaviour.describeLagMs;
    this.#metadataLagMs = options.metadataLagMs ?? behaviour.metadataLagMs;
    this.#past = new PastInterfaces(clock, this.model, Math.max(this.#describeLagMs, this.#metadataLagMs));
  }

  metadataState(): CloudState {
    const interfaces = [...this.#past.asOf(this.#metadataLagMs).values()];
    return { ...this.model.state(), interfaces };
  }

  /** The adapter's own interface, without wire and SDK. */
  api(caller = "in-process"): Ec2Api {
    return createInProcessApi(this, caller);
  }

  /** Who an instance of the scenario is, as its metadata tell. @throws CLOUD_NOT_FOUND */
  identity(instanceId: string): NodeIdentity {
    const node = this.nodeRef(instanceId);
    return { self: () => Promise.resolve(node) };
  }

  /** @throws CLOUD_NOT_FOUND */
  nodeRef(instanceId: string): NodeRef {
    const state = this.model.state();
    const instance = state.instances.find((own) => own.instanceId === instanceId);
    const primary = state.interfaces.find((own) => isPrimary(own) && isHeldBy(own, instanceId));
    if (instance === undefined || primary === undefined) {
      throw new PodwireError("CLOUD_NOT_FOUND", `instance ${instanceId} does not exist`, { value: instanceId });
    }
    return {
      cloud: "aws",
      id: instanceId,
      instanceType: instance.instanceType,
      region: state.region,
      zone: primary.availabilityZone,
      networkId: primary.vpcId,
      primaryMac: primary.macAddress,
      primaryAddress: primary.privateIpAddress,
    };
  }

  /** EC2's query protocol over HTTP, for AWS_ENDPOINT_URL_EC2. */
  serveEc2(listen: ListenAddress): Promise<FakeServer> {
    return serveQueryApi(this, listen);
  }

  /**
   * The metadata service, for AWS_EC2_METADATA_SERVICE_ENDPOINT or at 169.254.169.254. Who asks is told by the address
   * he asks from (an instance's primary address) unless `instanceId` says that it is always the same one.
   */
  serveMetadata(listen: ListenAddress & { readonly instanceId?: string }): Promise<FakeServer> {
    return serveMetadata(this, listen);
  }

  perform(command: Ec2Command, caller: string): Promise<FaultyOutcome<Ec2Result>> {
    const { action, request } = command;
    this.log.record({ action, atMs: this.clock.bootMs(), caller, request });
    const injection = this.faults.consult({ action, caller, parameters: request });
    const halfMs = this.#latencyMs(action) / 2;
    const delays = {
      delayBeforeMs: injection.delayBeforeMs + halfMs,
      delayAfterMs: injection.delayAfterMs + halfMs,
    };
    return callWithFaults(this.clock, { ...injection, ...delays }, (atMost): Ec2Result => {
      const refusal = this.#admission.refusalOf(action);
      if (refusal !== undefined) return { refusal };
      if (command.action !== "DescribeNetworkInterfaces") return this.model.perform(command, atMost);
      return this.model.describeInterfaces(command.request, this.#past.asOf(this.#describeLagMs));
    });
  }
}

function latencyOf(latencyMs: NonNullable<FakeAwsOptions["latencyMs"]>): (action: Ec2Action) => number {
  return typeof latencyMs === "function" ? latencyMs : (action) => latencyMs[action] ?? 0;
}
