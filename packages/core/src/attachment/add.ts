import { formatAttachmentKey } from "../cni/attachment-key.ts";
import type { CniResult } from "../cni/result.ts";
import type { AddRequest, CniCall } from "../cni/verbs.ts";
import { errorFrom, PodwireError } from "../errors/podwire-error.ts";
import type { AttachmentFacts, AttachmentSpec, NetnsRef } from "../host/attachment-spec.ts";
import { type AllocatedAddress, claimAddresses } from "../pool/allocate.ts";
import { attachmentOf } from "../store/node-state.ts";
import type { AttachmentRecord } from "../store/records.ts";
import type { StateChange } from "../store/state-change.ts";
import type { AttachmentContext } from "./attachment-context.ts";
import { attachmentResult } from "./attachment-result.ts";
import { runInLane } from "./lane-deadline.ts";
import { removeAttachment, removeUnrecorded } from "./remove-attachment.ts";

/**
 * ADD. A known key in the same namespace gets the result it got before; a known key in another namespace means that the
 * old attachment is stale (the runtime lost its DEL): it is removed first.
 */
export async function addAttachment(
  context: AttachmentContext,
  request: AddRequest,
  call: CniCall,
): Promise<CniResult> {
  const netns = await context.host.openNetns(request.netnsPath);
  return runInLane(context, { key: request.key, call }, async () => {
    const known = attachmentOf(context.ledger.state, request.key);
    if (known?.state === "ready" && known.result !== undefined && known.spec.netns.cookie === netns.cookie) {
      return known.result;
    }
    if (known !== undefined) await removeAttachment(context, known);
    for (const found of context.unrecorded.matching(request.key)) await removeUnrecorded(context, found);
    return attachNew(context, { ...request, netns }, call);
  });
}

interface NewAttachment extends AddRequest {
  readonly netns: NetnsRef;
}

/** One transaction before the kernel is touched, one after. */
async function attachNew(context: AttachmentContext, request: NewAttachment, call: CniCall): Promise<CniResult> {
  const { ledger, clock } = context;
  const elapsedMs = clock.startStopwatch();
  const allocating = await allocateFor(context, request, call);
  const waitMs = elapsedMs();
  try {
    const facts = await attachToHost(context, allocating.spec, call);
    const attachedMs = elapsedMs();
    const result = attachmentResult(allocating.spec, facts, request.dns);
    ledger.commit([{ put: "attachment", record: { ...allocating, state: "ready", facts, result } }]);
    const totalMs = elapsedMs();
    const timing = { totalMs, waitMs, hostMs: attachedMs - waitMs, storeMs: totalMs - attachedMs };
    context.timings.set(request.key, timing);
    return result;
  } catch (error) {
    await takeBack(context, allocating);
    throw error;
  }
}

async function allocateFor(
  context: AttachmentContext,
  request: NewAttachment,
  call: CniCall,
): Promise<AttachmentRecord> {
  const { queue, ledger, clock, metrics } = context;
  const pool = context.poolOf(request.key.network);
  const elapsedMs = clock.startStopwatch();
  let allocating: AttachmentRecord | undefined;
  const record = (allocated: readonly AllocatedAddress[]): StateChange[] => {
    allocating = newRecord(context, request, allocated);
    return [{ put: "attachment", record: allocating }, ...claimAddresses(ledger.state, allocated, request.key)];
  };
  const sameInterface = context.datapath === "ipvlan-l2";
  await queue.acquire({ pool, families: context.families, sameInterface, record }, call);
  metrics.observe("podwire_pool_wait_seconds", { pool: pool.name }, elapsedMs() / 1000);
  if (allocating === undefined) throw new PodwireError("INTERNAL", "addresses were allocated without being recorded");
  return allocating;
}

function newRecord(
  context: AttachmentContext,
  request: NewAttachment,
  allocated: readonly AllocatedAddress[],
): AttachmentRecord {
  const { ledger, datapath } = context;
  const spec: AttachmentSpec = {
    key: request.key,
    netns: request.netns,
    datapath,
    mtuBytes: context.mtuBytes(),
    addresses: allocated.map(({ address, block, interfaceId }) => {
      const interfaceMac = ledger.state.interfaces.get(interfaceId)?.mac;
      if (interfaceMac === undefined) throw new PodwireError("INTERNAL", `interface ${interfaceId} has no record`);
      return { address, block, interfaceMac };
    }),
  };
  return { key: request.key, state: "allocating", createdMs: context.clock.bootMs(), pod: request.pod, spec };
}

async function attachToHost(context: AttachmentContext, spec: AttachmentSpec, call: CniCall): Promise<AttachmentFacts> {
  const facts = await context.host.attach(spec, call.signal);
  // Nobody waits for the answer any more: the runtime takes this ADD for failed, so nothing of it may stay.
  if (call.signal.aborted) {
    throw new PodwireError("CANCELLED", `the caller of ADD for ${formatAttachmentKey(spec.key)} went away`);
  }
  return facts;
}

/**
 * What cannot be taken back now stays `deleting` and is tried again by the agent; the ADD's own error is what counts.
 */
async function takeBack(context: AttachmentContext, record: AttachmentRecord): Promise<void> {
  try {
    await removeAttachment(context, record);
  } catch (error) {
    const { code, message } = errorFrom(error);
    context.log.error("failed ADD not yet taken back", { key: formatAttachmentKey(record.key), code, message });
  }
}
