import {
  type BlockChange,
  type BlockOutcome,
  type CallOptions,
  type Cidr,
  cidrFamily,
  errorFrom,
  isPodwireError,
  PodwireError,
} from "@podwire/core";
import type { Ec2Api } from "./api.ts";
import {
  addressTexts,
  type BlockCount,
  blockCounts,
  blocksOf,
  mustBeRemovable,
  prefixTexts,
  tryParseBlocks,
} from "./blocks.ts";

/**
 * Unassigns, then assigns: a call for each family that loses something, and one for what comes. Any of them may have
 * happened when the next one fails.
 */
export async function changeBlocks(api: Ec2Api, change: BlockChange, options: CallOptions): Promise<BlockOutcome> {
  const { interfaceId, remove = [] } = change;
  const counts = blockCounts(change.add === undefined ? [] : [change.add]);
  remove.forEach(mustBeRemovable);
  const target: Target = { api, interfaceId };
  const removals = ([4, 6] as const).map((family) => remove.filter((cidr) => cidrFamily(cidr) === family));
  const removed: Cidr[] = [];
  try {
    for (const cidrs of removals.filter(({ length }) => length > 0)) {
      await unassign(target, cidrs, options);
      removed.push(...cidrs);
    }
    const added = await assign(target, counts, options);
    const shortage = shortageOf(interfaceId, added, counts);
    return { added, removed, ...(shortage === undefined ? {} : { failure: shortage }) };
  } catch (thrown) {
    if (removed.length === 0) throw thrown;
    return { added: [], removed, failure: errorFrom(thrown) };
  }
}

/** Why there are fewer blocks than asked for; undefined when there are not. */
export function shortageOf(interfaceId: string, got: readonly Cidr[], counts: BlockCount): PodwireError | undefined {
  const wanted = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (got.length >= wanted) return undefined;
  return new PodwireError("CLOUD_CONFLICT", `${interfaceId} got ${got.length} of ${wanted} blocks asked for`, {
    op: `assign blocks to ${interfaceId}`,
  });
}

interface Target {
  readonly api: Ec2Api;
  readonly interfaceId: string;
}

/**
 * Blocks of one family. EC2 refuses the whole call for one block that is not there; then only those that are there are
 * named.
 */
async function unassign(target: Target, cidrs: readonly Cidr[], options: CallOptions): Promise<void> {
  try {
    await sendUnassign(target, cidrs, options);
  } catch (refused) {
    if (!isPodwireError(refused, "CLOUD_REJECTED")) throw refused;
    const present = await presentBlocks(target, options);
    const left = cidrs.filter((cidr) => present.has(cidr));
    if (left.length === cidrs.length) throw refused;
    if (left.length > 0) await sendUnassign(target, left, options);
  }
}

function sendUnassign({ api, interfaceId }: Target, cidrs: readonly Cidr[], options: CallOptions): Promise<void> {
  const input = { networkInterfaceId: interfaceId };
  const prefixes = prefixTexts(cidrs);
  if (cidrs.some((cidr) => cidrFamily(cidr) === 6)) {
    return api.unassignIpv6Addresses({ ...input, ipv6Prefixes: prefixes }, options);
  }
  const privateIpAddresses = addressTexts(cidrs);
  return api.unassignPrivateIpAddresses({ ...input, privateIpAddresses, ipv4Prefixes: prefixes }, options);
}

async function presentBlocks({ api, interfaceId }: Target, options: CallOptions) {
  const interfaces = await api.describeNetworkInterfaces({ networkInterfaceIds: [interfaceId] }, options);
  return new Set(interfaces.flatMap(blocksOf));
}

/** The counts are of one request, so at most one of them is there. */
async function assign(
  { api, interfaceId }: Target,
  counts: BlockCount,
  options: CallOptions,
): Promise<readonly Cidr[]> {
  const { secondaryPrivateIpAddressCount, ipv4PrefixCount, ipv6PrefixCount } = counts;
  const input = { networkInterfaceId: interfaceId };
  if (ipv6PrefixCount !== undefined) {
    const { ipv6Prefixes } = await api.assignIpv6Addresses({ ...input, ipv6PrefixCount }, options);
    return assignedBlocks(interfaceId, [], ipv6Prefixes);
  }
  const count =
    ipv4PrefixCount === undefined
      ? secondaryPrivateIpAddressCount === undefined
        ? undefined
        : { secondaryPrivateIpAddressCount }
      : { ipv4PrefixCount };
  if (count === undefined) return [];
  const answer = await api.assignPrivateIpAddresses({ ...input, ...count }, options);
  return assignedBlocks(interfaceId, answer.privateIpAddresses, answer.ipv4Prefixes);
}

/** Without a list of blocks the answer says that something was done, and not what. */
function assignedBlocks(id: string, addresses: readonly string[], prefixes: readonly string[]): readonly Cidr[] {
  const all = tryParseBlocks(addresses, prefixes);
  const blocks = all.filter((cidr) => cidr !== undefined);
  if (blocks.length > 0 && blocks.length === all.length) return blocks;
  throw new PodwireError("CLOUD_OUTCOME_UNKNOWN", `EC2's answer does not say which blocks ${id} got`, {
    op: `assign blocks to ${id}`,
  });
}
