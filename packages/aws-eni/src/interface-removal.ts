import {
  type CallOptions,
  type Clock,
  errorFrom,
  type InterfaceRef,
  isPodwireError,
  PodwireError,
  sleep,
} from "@podwire/core";
import type { Ec2Api, NetworkInterface } from "./api.ts";
import { isPrimary, ownerOf } from "./cloud-facts.ts";

/** How often EC2 is asked whether an interface is free, and how many times. */
const detachPollMs = 1_000;
const detachPolls = 30;

export interface InterfaceTools {
  readonly api: Ec2Api;
  readonly clock: Clock;
}

/** Absent = success. A call that fails after the detaching leaves the outcome unknown. */
export async function deleteInterface(
  tools: InterfaceTools & { readonly cluster: string },
  ref: InterfaceRef,
  options: CallOptions,
): Promise<void> {
  const own = await findInterface(tools, ref.id, options);
  if (own === undefined) return;
  mustBeDeletable(own, ref, tools.cluster);
  await removeInterface(tools, own, options);
}

export async function findInterface(
  { api }: InterfaceTools,
  id: string,
  options: CallOptions,
): Promise<NetworkInterface | undefined> {
  try {
    const found = await api.describeNetworkInterfaces({ networkInterfaceIds: [id] }, options);
    return found[0];
  } catch (thrown) {
    if (isPodwireError(thrown, "CLOUD_NOT_FOUND")) return undefined;
    throw thrown;
  }
}

/** Detaches, waits until EC2 shows it free, and deletes. */
export async function removeInterface(
  tools: InterfaceTools,
  { networkInterfaceId, attachment }: NetworkInterface,
  options: CallOptions,
): Promise<void> {
  const input = { networkInterfaceId };
  if (attachment === undefined) return absentIsFine(tools.api.deleteNetworkInterface(input, options));
  await absentIsFine(tools.api.detachNetworkInterface({ attachmentId: attachment.attachmentId }, options));
  try {
    await untilFree(tools, networkInterfaceId, options);
    await absentIsFine(tools.api.deleteNetworkInterface(input, options));
  } catch (thrown) {
    const cause = errorFrom(thrown);
    const message = `${networkInterfaceId} was detached and not deleted: ${cause.message}`;
    const details = cause.details ?? cause.message;
    throw new PodwireError("CLOUD_OUTCOME_UNKNOWN", message, { op: `delete ${networkInterfaceId}`, details, cause });
  }
}

function mustBeDeletable(own: NetworkInterface, ref: InterfaceRef, cluster: string): void {
  const holder = own.attachment?.instanceId;
  const reason = isPrimary(own)
    ? "the primary interface"
    : ownerOf(own, cluster) === "foreign"
      ? "not podwire's"
      : holder !== undefined && holder !== ref.node.id
        ? `held by ${holder}, not by ${ref.node.id}`
        : holder !== undefined && ref.ifUnattached === true
          ? `held by ${holder}`
          : undefined;
  if (reason === undefined) return;
  throw new PodwireError("CLOUD_CONFLICT", `${ref.id} is not deleted, it is ${reason}`, { op: `delete ${ref.id}` });
}

/** A detach is answered before it is done: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachNetworkInterface.html */
async function untilFree(tools: InterfaceTools, id: string, options: CallOptions): Promise<void> {
  for (let poll = 1; poll <= detachPolls; poll++) {
    const own = await findInterface(tools, id, options);
    if (own?.attachment === undefined) return;
    await sleep(tools.clock, detachPollMs, options.signal);
  }
  throw new PodwireError("CLOUD_CONFLICT", `${id} is still attached ${detachPolls} s after it was detached`);
}

async function absentIsFine(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (thrown) {
    if (!isPodwireError(thrown, "CLOUD_NOT_FOUND")) throw thrown;
  }
}
