import { type CallOptions, errorFrom, type InterfaceRequest, PodwireError } from "@podwire/core";
import type { Attachment, NetworkInterface } from "./api.ts";
import { blockCounts } from "./blocks.ts";
import { isPrimary } from "./cloud-facts.ts";
import { tagKeys } from "./config.ts";
import type { DeviceIndexes } from "./device-indexes.ts";
import { findInterface, type InterfaceTools, removeInterface } from "./interface-removal.ts";
import type { LimitsLookup } from "./limits.ts";

/** How often attaching is tried when somebody else takes the device index in the meantime. */
const attachAttempts = 3;

export interface CreationTools extends InterfaceTools {
  readonly limits: LimitsLookup;
  readonly deviceIndexes: DeviceIndexes;
}

/**
 * Describes, then creates with the blocks, attaches, and makes it go away with the instance: three calls that change
 * something. What fails after the first is taken back; CLOUD_OUTCOME_UNKNOWN says that it may not have been.
 */
export async function createInterface(
  tools: CreationTools,
  request: InterfaceRequest,
  options: CallOptions,
): Promise<NetworkInterface> {
  const counts = blockCounts(request.add);
  const held = await heldBy(tools, request.node.id, options);
  await mustHaveRoom(tools, { request, held }, options);
  const securityGroupIds = request.securityGroupIds.length > 0 ? request.securityGroupIds : primaryGroups(held);
  const created = await tools.api.createNetworkInterface(
    {
      subnetId: request.subnetId,
      description: `podwire interface of ${request.node.id}`,
      securityGroupIds,
      ...counts,
      clientToken: request.token,
      tags: tagsOf(request),
    },
    options,
  );
  const { networkInterfaceId } = created;
  try {
    const joined = await join(tools, { created, held, instanceId: request.node.id }, options);
    tools.deviceIndexes.attached(networkInterfaceId);
    return joined;
  } catch (thrown) {
    tools.deviceIndexes.free(networkInterfaceId);
    throw await takeBack(tools, { created, failure: errorFrom(thrown) }, options);
  }
}

function tagsOf({ scope, node, pool }: InterfaceRequest): Readonly<Record<string, string>> {
  return { [tagKeys.cluster]: scope.clusterName, [tagKeys.instance]: node.id, [tagKeys.pool]: pool };
}

function heldBy({ api }: InterfaceTools, instanceId: string, options: CallOptions) {
  const filters = [{ name: "attachment.instance-id", values: [instanceId] }];
  return api.describeNetworkInterfaces({ filters }, options);
}

interface Place {
  readonly request: InterfaceRequest;
  readonly held: readonly NetworkInterface[];
}

/** EC2 would say so only when the interface is created and about to be attached. */
async function mustHaveRoom({ limits }: CreationTools, { request, held }: Place, options: CallOptions): Promise<void> {
  const { maxInterfaces } = await limits(request.node, options);
  if (held.length < maxInterfaces) return;
  const { id, instanceType } = request.node;
  throw new PodwireError("INTERFACE_LIMIT", `${id} holds ${held.length} interfaces, all that ${instanceType} allows`);
}

function primaryGroups(held: readonly NetworkInterface[]): readonly string[] {
  const primary = held.find(isPrimary);
  if (primary !== undefined) return primary.securityGroupIds;
  throw new PodwireError(
    "CLOUD_NOT_FOUND",
    "EC2 does not show the primary interface, whose security groups are needed",
  );
}

interface Joining {
  readonly created: NetworkInterface;
  readonly held: readonly NetworkInterface[];
  readonly instanceId: string;
}

async function join(tools: CreationTools, joining: Joining, options: CallOptions): Promise<NetworkInterface> {
  const attachment = await attach(tools, joining, options);
  const { networkInterfaceId } = joining.created;
  const { attachmentId } = attachment;
  const input = { networkInterfaceId, attachmentId, deleteOnTermination: true };
  await tools.api.modifyNetworkInterfaceAttribute(input, options);
  return { ...joining.created, attachment: { ...attachment, deleteOnTermination: true } };
}

/**
 * At the lowest free index. After an error that leaves it open a describe tells whether it happened, and which indexes
 * are taken. One that was refused counts as taken, because the describe may lag.
 */
async function attach(
  tools: CreationTools,
  { created, held, instanceId }: Joining,
  options: CallOptions,
): Promise<Omit<Attachment, "deleteOnTermination">> {
  const taken = new Set(indexesOf(held));
  for (let attempt = 1; ; attempt++) {
    const deviceIndex = tools.deviceIndexes.take(created.networkInterfaceId, { instanceId, shown: taken });
    const slot = { instanceId, deviceIndex, networkCardIndex: 0 };
    const attached = await tryAttach(tools, { created, slot }, options);
    if (!(attached instanceof PodwireError)) return attached;
    const now = await heldBy(tools, instanceId, options).catch(() => Promise.reject(attached));
    const own = now.find(({ networkInterfaceId }) => networkInterfaceId === created.networkInterfaceId);
    if (own?.attachment !== undefined) return own.attachment;
    if (attached.code !== "CLOUD_CONFLICT" || attempt === attachAttempts) throw attached;
    for (const index of [deviceIndex, ...indexesOf(now)]) taken.add(index);
  }
}

interface Slot {
  readonly created: NetworkInterface;
  readonly slot: Pick<Attachment, "instanceId" | "deviceIndex" | "networkCardIndex">;
}

/** The error, where a describe can tell more. */
async function tryAttach({ api }: InterfaceTools, { created, slot }: Slot, options: CallOptions) {
  const { networkInterfaceId } = created;
  try {
    const { attachmentId } = await api.attachNetworkInterface({ networkInterfaceId, ...slot }, options);
    return { ...slot, attachmentId };
  } catch (thrown) {
    const error = errorFrom(thrown);
    if (error.retry === "ask-first") return error;
    throw error;
  }
}

function indexesOf(held: readonly NetworkInterface[]): readonly number[] {
  return held.flatMap(({ attachment }) => (attachment?.networkCardIndex === 0 ? [attachment.deviceIndex] : []));
}

interface Failed {
  readonly created: NetworkInterface;
  readonly failure: PodwireError;
}

/** What to tell the caller: the failure when nothing is left of the interface. */
async function takeBack(tools: InterfaceTools, { created, failure }: Failed, options: CallOptions) {
  const { networkInterfaceId: id } = created;
  try {
    // EC2 may not show yet what it has just made.
    const own = (await findInterface(tools, id, options)) ?? created;
    await removeInterface(tools, own, options);
    return failure;
  } catch (thrown) {
    const message = `${id} was created and then neither finished nor taken back: ${failure.message}`;
    const details = `${failure.details ?? failure.message}; taking it back: ${errorFrom(thrown).message}`;
    return new PodwireError("CLOUD_OUTCOME_UNKNOWN", message, { op: `create ${id}`, details, cause: failure });
  }
}
