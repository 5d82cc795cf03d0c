import {
  type Address,
  addressBits,
  type BlockChange,
  type BlockOutcome,
  type BlockRequest,
  type CallOptions,
  type Cidr,
  cidrFamily,
  errorFrom,
  hostCidr,
  isPodwireError,
  networkAddress,
  PodwireError,
  prefixLength,
  tryParseAddress,
} from "@podwire/core";
import type { AssignedAddresses, Ec2Api } from "./api.ts";

/** Unassigns, then assigns: two calls, of which the first may have happened when the second fails. */
export async function changeBlocks(api: Ec2Api, change: BlockChange, options: CallOptions): Promise<BlockOutcome> {
  const count = change.add === undefined ? 0 : addressCountOf(change.add);
  const removed = change.remove ?? [];
  const addresses = removed.map(singleAddressOf);
  if (addresses.length > 0) await unassign(api, { interfaceId: change.interfaceId, addresses }, options);
  if (count === 0) return { added: [], removed };
  const added = await assign(api, { interfaceId: change.interfaceId, count }, options).catch((thrown: unknown) => {
    if (removed.length === 0) throw thrown;
    return errorFrom(thrown);
  });
  if (added instanceof PodwireError) return { added: [], removed, failure: added };
  return { added, removed, ...(added.length < count ? { failure: tooFew(change.interfaceId, added, count) } : {}) };
}

/** @throws NOT_SUPPORTED for anything but a count of single IPv4 addresses */
export function addressCountOf(request: BlockRequest): number {
  if ("cidrs" in request) throw notSupported("assign addresses of the caller's choice");
  const { family, prefixLength: length } = request.kind;
  if (family !== 4 || length !== 32) throw notSupported(`assign IPv${family} blocks /${length}`);
  return request.count;
}

function singleAddressOf(cidr: Cidr): Address {
  const family = cidrFamily(cidr);
  if (family !== 4 || prefixLength(cidr) !== addressBits(family)) throw notSupported(`unassign ${cidr}`);
  return networkAddress(cidr);
}

interface Unassignment {
  readonly interfaceId: string;
  readonly addresses: readonly Address[];
}

/** EC2 refuses the whole call for one address that is not there; then only those that are there are named. */
async function unassign(api: Ec2Api, { interfaceId, addresses }: Unassignment, options: CallOptions): Promise<void> {
  const send = (privateIpAddresses: readonly string[]) =>
    api.unassignPrivateIpAddresses({ networkInterfaceId: interfaceId, privateIpAddresses }, options);
  try {
    await send(addresses);
  } catch (refused) {
    if (!isPodwireError(refused, "CLOUD_REJECTED")) throw refused;
    const present = await secondaryAddresses(api, interfaceId, options);
    const left = addresses.filter((address) => present.has(address));
    if (left.length === addresses.length) throw refused;
    if (left.length > 0) await send(left);
  }
}

async function secondaryAddresses(api: Ec2Api, id: string, options: CallOptions): Promise<ReadonlySet<string>> {
  const interfaces = await api.describeNetworkInterfaces({ networkInterfaceIds: [id] }, options);
  const entries = interfaces.flatMap((own) => own.privateIpAddresses).filter((entry) => !entry.primary);
  return new Set(entries.map((entry) => entry.privateIpAddress));
}

interface Assignment {
  readonly interfaceId: string;
  readonly count: number;
}

async function assign(api: Ec2Api, { interfaceId, count }: Assignment, options: CallOptions): Promise<readonly Cidr[]> {
  const input = { networkInterfaceId: interfaceId, secondaryPrivateIpAddressCount: count };
  const answer = await api.assignPrivateIpAddresses(input, options);
  return blocksOf(answer, interfaceId);
}

/** Without a list of addresses the answer says that something was done, and not what. */
function blocksOf({ privateIpAddresses }: AssignedAddresses, interfaceId: string): readonly Cidr[] {
  const addresses = privateIpAddresses.map((text) => tryParseAddress(text));
  const blocks = addresses.filter((address) => address !== undefined).map(hostCidr);
  if (blocks.length > 0 && blocks.length === addresses.length) return blocks;
  throw new PodwireError("CLOUD_OUTCOME_UNKNOWN", `EC2's answer does not say which addresses ${interfaceId} got`, {
    op: `assign addresses to ${interfaceId}`,
  });
}

export function tooFew(interfaceId: string, added: readonly Cidr[], count: number): PodwireError {
  return new PodwireError("CLOUD_CONFLICT", `${interfaceId} got ${added.length} of ${count} addresses asked for`, {
    op: `assign addresses to ${interfaceId}`,
  });
}

function notSupported(what: string): PodwireError {
  return new PodwireError("NOT_SUPPORTED", `the AWS adapter does not ${what} yet`);
}
