import { addressBits } from "../address/address.ts";
import type { PodwireError } from "../errors/podwire-error.ts";
import type { OperationRecord } from "../store/records.ts";
import type { CloudContext } from "./cloud-context.ts";
import { type Direction, nextRest, type Rest } from "./cloud-memory.ts";

/** A refused release must not keep the pool from growing, nor the other way round. */
export function directionOf({ kind }: OperationRecord): Direction {
  return kind === "unassign" || kind === "delete-interface" ? "release" : "growth";
}

/** What has just worked rests no longer. */
export function wakeAfter(context: CloudContext, operation: OperationRecord): void {
  const { memory } = context;
  memory.poolFailures[directionOf(operation)].delete(operation.pool);
  memory.interfaceRests[directionOf(operation)].delete(restName(operation));
  for (const subnetId of subnetsOf(context, operation)) {
    if (directionOf(operation) === "growth") memory.subnetRests.delete(subnetId);
    if (asksForPrefixes(operation)) memory.fragmentRests.delete(subnetId);
  }
}

/** What failed is left alone for a while: the subnet where it is full, else the interface. */
export function restAfter(context: CloudContext, operation: OperationRecord, error: PodwireError): void {
  const { memory, clock, random } = context;
  const direction = directionOf(operation);
  memory.poolFailures[direction].set(operation.pool, error);
  const { names, rests, leastMs, after } = restingPlaces(context, operation, error);
  const at = { nowMs: clock.bootMs(), random, leastMs: error.retryAfterMs ?? leastMs };
  for (const name of names) {
    const until = nextRest(rests.get(name), at);
    rests.set(name, until);
    clock.startTimer(until.untilMs - at.nowMs, after);
  }
}

/** A subnet whose free addresses are in pieces stays so for a while. */
const fragmentRestMs = 120_000;

interface RestingPlaces {
  readonly names: readonly string[];
  readonly rests: Map<string, Rest>;
  readonly leastMs: number;
  /** What happens when the rest is over. */
  readonly after: () => void;
}

function restingPlaces(context: CloudContext, operation: OperationRecord, error: PodwireError): RestingPlaces {
  const { memory, replan, refresh } = context;
  const subnets = subnetsOf(context, operation);
  // How many addresses the subnet has free by then is read with the next look.
  if (error.code === "SUBNET_EXHAUSTED") {
    return { names: subnets, rests: memory.subnetRests, leastMs: 0, after: refresh };
  }
  if (error.code === "SUBNET_FRAGMENTED") {
    return { names: subnets, rests: memory.fragmentRests, leastMs: fragmentRestMs, after: replan };
  }
  const rests = memory.interfaceRests[directionOf(operation)];
  return { names: [restName(operation)], rests, leastMs: 0, after: replan };
}

/** An interface that was not created is remembered by its subnet. */
function restName({ interfaceId, request }: OperationRecord): string {
  return interfaceId ?? request.subnetId ?? "";
}

function asksForPrefixes({ request: { add } }: OperationRecord): boolean {
  return add !== undefined && add.prefixLength < addressBits(add.family);
}

function subnetsOf({ ledger }: CloudContext, { interfaceId, request }: OperationRecord): string[] {
  const subnetId = request.subnetId ?? ledger.state.interfaces.get(interfaceId ?? "")?.subnetId;
  return subnetId === undefined ? [] : [subnetId];
}
