import {
  type BlockChange,
  type BlockOutcome,
  type CallOptions,
  type Cidr,
  type Clock,
  isPodwireError,
  PodwireError,
  prefixLength,
} from "@podwire/core";
import type { AliasIpRange, ComputeApi, ComputeInterface } from "./api.ts";
import { blockOf, blocksOf, cidrOfRange, mustBeRemovable, type RangeCount, rangeCount } from "./blocks.ts";
import { primaryName } from "./cloud-facts.ts";
import { type ComputeCall, isFingerprintMismatch } from "./errors.ts";
import { endOf } from "./operation.ts";
import { requestIdOf } from "./request-id.ts";
import { parseInstance } from "./resource-path.ts";

export interface AliasTools {
  readonly api: ComputeApi;
  readonly clock: Clock;
  readonly secondaryRange: string;
}

/** A fingerprint can be outrun by another writer; by one that outruns it so often, always. */
const maxAttempts = 5;

/**
 * One read and one write of the interface's list of alias ranges, the removal and the addition in it together; a third
 * call tells what Compute Engine picked. Where somebody else changed the list meanwhile, it is read and written anew.
 */
export async function changeBlocks(
  tools: AliasTools,
  change: BlockChange,
  options: CallOptions,
): Promise<BlockOutcome> {
  const { remove = [] } = change;
  const add = rangeCount(change.add);
  remove.forEach(mustBeRemovable);
  if (remove.length === 0 && add.count === 0) return { added: [], removed: [] };
  const target: Target = { ...tools, change, path: parseInstance(change.node.id) };
  try {
    return { added: await rewrite(target, { remove, add }, options), removed: remove };
  } catch (thrown) {
    if (remove.length === 0 || add.count === 0 || !isShortage(thrown)) throw thrown;
    // The list was refused for what it adds: what it takes away can go by itself.
    await rewrite(target, { remove, add: { ...add, count: 0 } }, options);
    return { added: [], removed: remove, failure: thrown };
  }
}

interface Target extends AliasTools {
  readonly change: BlockChange;
  readonly path: ReturnType<typeof parseInstance>;
}

interface Intent {
  readonly remove: readonly Cidr[];
  readonly add: RangeCount;
}

function isShortage(thrown: unknown): thrown is PodwireError {
  const codes = ["SUBNET_EXHAUSTED", "SUBNET_FRAGMENTED", "CLOUD_LIMIT"] as const;
  return codes.some((code) => isPodwireError(thrown, code));
}

/** Returns the blocks that came. */
async function rewrite(target: Target, intent: Intent, options: CallOptions): Promise<readonly Cidr[]> {
  for (let attempt = 1; ; attempt++) {
    const before = await readInterface(target, options);
    const kept = keptRanges(target, before, intent.remove);
    if (kept.length === before.aliasIpRanges.length && intent.add.count === 0) return [];
    try {
      await write(target, { before, kept, add: intent.add, attempt }, options);
    } catch (thrown) {
      if (!isPodwireError(thrown) || !isFingerprintMismatch(thrown) || attempt === maxAttempts) throw thrown;
      continue;
    }
    return intent.add.count === 0 ? [] : pickedBlocks(target, { kept, add: intent.add }, options);
  }
}

async function readInterface(target: Target, options: CallOptions): Promise<ComputeInterface> {
  const { api, path, change } = target;
  const { networkInterfaces } = await api.getInstance(path, options);
  const found = networkInterfaces.find(({ name }) => name === change.interfaceId);
  if (found === undefined) throw refused("CLOUD_NOT_FOUND", target, "does not exist");
  if (found.name !== primaryName) throw refused("CLOUD_CONFLICT", target, "is not podwire's");
  return found;
}

/** What stays: everything that is not to be removed, foreign ranges as they are. @throws CLOUD_CONFLICT */
function keptRanges(
  target: Target,
  { aliasIpRanges }: ComputeInterface,
  remove: readonly Cidr[],
): readonly AliasIpRange[] {
  const unwanted = new Set(remove);
  return aliasIpRanges.filter((range) => {
    const cidr = cidrOfRange(range);
    if (cidr === undefined || !unwanted.has(cidr)) return true;
    if (blockOf(range, target.secondaryRange) !== undefined) return false;
    throw refused("CLOUD_CONFLICT", target, `holds ${cidr} of another range: it is not podwire's`);
  });
}

interface NewList {
  readonly before: ComputeInterface;
  readonly kept: readonly AliasIpRange[];
  readonly add: RangeCount;
  readonly attempt: number;
}

async function write(target: Target, list: NewList, options: CallOptions): Promise<void> {
  const { api, clock, path, change, secondaryRange } = target;
  const { before, kept, add, attempt } = list;
  const picked = { ipCidrRange: `/${add.prefixLength}`, subnetworkRangeName: secondaryRange };
  const update = {
    ...path,
    networkInterface: before.name,
    fingerprint: before.fingerprint,
    aliasIpRanges: [...kept, ...Array.from({ length: add.count }, () => picked)],
    requestId: requestIdOf(change.token, `${attempt} +${add.count}`),
  };
  const call: ComputeCall = {
    action: "instances.updateNetworkInterface",
    object: `${path.instance} ${before.name}`,
    ...(add.count > 0 && add.prefixLength < 32 ? { asked: "prefixes" } : {}),
  };
  const operation = await api.updateNetworkInterface(update, options);
  const wait = (name: string) => api.waitZoneOperation({ ...path, operation: name }, options);
  await endOf({ call, operation, clock, wait }, options);
}

/**
 * Compute Engine does not say which ranges it picked; they are those that were not there before. The change has
 * happened, so that whatever fails here leaves the outcome unknown.
 */
async function pickedBlocks(
  target: Target,
  { kept, add }: Pick<NewList, "kept" | "add">,
  options: CallOptions,
): Promise<readonly Cidr[]> {
  const old = new Set(kept.map(cidrOfRange));
  const own = await readInterface(target, options).catch((thrown: unknown) => {
    throw unknownPick(target, "the interface cannot be read", thrown);
  });
  const picked = blocksOf(own, target.secondaryRange).filter(
    (cidr) => !old.has(cidr) && prefixLength(cidr) === add.prefixLength,
  );
  if (picked.length === add.count) return picked;
  throw unknownPick(target, `it has ${picked.length} new ranges, ${add.count} were asked for`);
}

function unknownPick({ change }: Target, why: string, cause?: unknown): PodwireError {
  const details = cause instanceof PodwireError ? `: ${cause.message}` : "";
  return new PodwireError("CLOUD_OUTCOME_UNKNOWN", `cannot tell which ranges ${change.interfaceId} got`, {
    op: `change the alias ranges of ${change.interfaceId}`,
    details: `compute.instances.get: ${why}${details}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

function refused(code: "CLOUD_NOT_FOUND" | "CLOUD_CONFLICT", { change, path }: Target, why: string): PodwireError {
  return new PodwireError(code, `interface ${change.interfaceId} of ${path.instance} ${why}`, {
    op: `change the alias ranges of ${change.interfaceId}`,
    details: "compute.instances.get",
  });
}
