import { tryParseAddress } from "../address/address.ts";
import { formatAttachmentKey } from "../cni/attachment-key.ts";
import type { CniResult } from "../cni/result.ts";
import type { CheckRequest } from "../cni/verbs.ts";
import { PodwireError } from "../errors/podwire-error.ts";
import type { Drift } from "../host/node-network.ts";
import { attachmentOf, type NodeState } from "../store/node-state.ts";
import type { AttachmentRecord } from "../store/records.ts";
import type { AttachmentContext } from "./attachment-context.ts";

/** CHECK: the record, the cloud's view as last seen, and the kernel. Changes nothing. @throws CHECK_FAILED */
export async function checkAttachment(context: AttachmentContext, request: CheckRequest): Promise<void> {
  const name = formatAttachmentKey(request.key);
  const record = attachmentOf(context.ledger.state, request.key);
  if (record?.state !== "ready" || record.facts === undefined) throw failed(name, ["podwire has no such attachment"]);
  const netns = await context.host.openNetns(request.netnsPath);
  const problems = [
    ...(netns.cookie === record.spec.netns.cookie ? [] : [`${request.netnsPath} is another namespace than ADD's`]),
    ...comparePrevResult(record, request.prevResult),
    ...compareBlocks(context.ledger.state, record),
    ...(await context.host.inspect(record.spec, record.facts)).map(describeDrift),
  ];
  if (problems.length > 0) throw failed(name, problems);
}

function failed(name: string, problems: readonly string[]): PodwireError {
  return new PodwireError("CHECK_FAILED", `attachment ${name} is not as it was added: ${problems[0]}`, {
    op: `check ${name}`,
    details: problems.join("; "),
  });
}

/** Our addresses must still be in prevResult; later plugins of the chain may have added others. */
function comparePrevResult(record: AttachmentRecord, prevResult: CniResult): string[] {
  const listed = new Set((prevResult.ips ?? []).map(({ address }) => tryParseAddress(address.split("/")[0] ?? "")));
  return record.spec.addresses
    .filter(({ address }) => !listed.has(address))
    .map(({ address }) => `prevResult does not list ${address}`);
}

function compareBlocks(state: NodeState, record: AttachmentRecord): string[] {
  return record.spec.addresses
    .filter(({ block }) => state.blocks.get(block)?.state !== "ready")
    .map(({ address, block }) => `the cloud no longer delivers ${address} to this node (block ${block})`);
}

function describeDrift({ object, expected, found }: Drift): string {
  return found === undefined ? `${object} missing: ${expected}` : `${object} differs: ${expected}, found ${found}`;
}
