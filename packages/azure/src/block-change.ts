import {
  type BlockChange,
  type BlockOutcome,
  type CallOptions,
  type Cidr,
  type ErrorCode,
  isPodwireError,
  PodwireError,
} from "@podwire/core";
import type { IpConfiguration, NetworkInterface } from "./api.ts";
import {
  type BlockCount,
  blockCount,
  blockOf,
  mustBeRemovable,
  newConfiguration,
  ownConfigurations,
} from "./blocks.ts";
import { isNoManage, subnetIdOf } from "./cloud-facts.ts";
import { changeDocument, type DocumentChange } from "./document-change.ts";
import type { OperationTools } from "./operation.ts";
import type { OwnedNames } from "./owned-name.ts";

export interface BlockTools extends OperationTools {
  readonly names: OwnedNames;
}

/**
 * Removals and additions in one document. Azure refuses it whole when there is no room for what is added; then what was
 * to go goes by itself.
 */
export async function changeBlocks(
  tools: BlockTools,
  change: BlockChange,
  options: CallOptions,
): Promise<BlockOutcome> {
  const { remove = [] } = change;
  const add = blockCount(change.add);
  remove.forEach(mustBeRemovable);
  if (add === undefined && remove.length === 0) return { added: [], removed: [] };
  const edit: BlockEdit = { interfaceId: change.interfaceId, remove, names: namesOf(tools, change.token, add) };
  try {
    return await carryOut(tools, { ...edit, ...(add === undefined ? {} : { add }) }, options);
  } catch (refused) {
    if (add === undefined || remove.length === 0 || !isPodwireError(refused) || !noRoom.has(refused.code))
      throw refused;
    return { ...(await carryOut(tools, { ...edit, names: [] }, options)), failure: refused };
  }
}

const noRoom: ReadonlySet<ErrorCode> = new Set(["SUBNET_EXHAUSTED", "SUBNET_FRAGMENTED", "CLOUD_LIMIT"]);

interface BlockEdit {
  readonly interfaceId: string;
  readonly remove: readonly Cidr[];
  readonly add?: BlockCount;
  /** Of the configurations that are to be there. */
  readonly names: readonly string[];
}

function namesOf({ names }: BlockTools, token: string, add: BlockCount | undefined): readonly string[] {
  return Array.from({ length: add?.count ?? 0 }, (_, index) => names.configuration(token, index));
}

async function carryOut(tools: BlockTools, edit: BlockEdit, options: CallOptions): Promise<BlockOutcome> {
  const { api } = tools;
  const asked = edit.add !== undefined && edit.add.kind.prefixLength < 32 ? ({ asked: "prefixes" } as const) : {};
  const changed = await changeDocument<NetworkInterface>(
    tools,
    {
      call: { action: "networkInterfaces.createOrUpdate", object: edit.interfaceId, ...asked },
      read: (call) => api.getNetworkInterface(edit.interfaceId, call),
      edit: (before) => edited(tools, edit, before),
      write: (document, call) => api.putNetworkInterface(document, call),
    },
    options,
  );
  return outcomeOf(tools, edit, changed);
}

/** Everything that is not podwire's is passed on as ARM wrote it. */
function edited({ names }: BlockTools, edit: BlockEdit, before: NetworkInterface): NetworkInterface | undefined {
  mustBeManaged(before);
  const going = new Set(configurationsToRemove(names, edit, before));
  const staying = before.properties.ipConfigurations.filter((configuration) => !going.has(configuration));
  const present = new Set(staying.map(({ name }) => name));
  const missing = edit.names.filter((name) => !present.has(name));
  if (going.size === 0 && missing.length === 0) return undefined;
  const coming = missing.map((name) => newConfiguration(name, kindOf(edit), subnetIdOf(before)));
  return { ...before, properties: { ...before.properties, ipConfigurations: [...staying, ...coming] } };
}

/** Not those of the change itself: Azure gives an address that goes to what comes in the same document. */
function configurationsToRemove(names: OwnedNames, edit: BlockEdit, own: NetworkInterface) {
  const coming = new Set(edit.names);
  return ownConfigurations(own, names).filter((configuration) => {
    const block = blockOf(configuration);
    return block !== undefined && edit.remove.includes(block) && !coming.has(configuration.name);
  });
}

/** What the document at the end shows of what was asked for. @throws the failure, when it is all that happened */
function outcomeOf(tools: BlockTools, edit: BlockEdit, { after, failure }: DocumentChange<NetworkInterface>) {
  const left = new Set(configurationsToRemove(tools.names, edit, after).map(blockOf));
  const removed = edit.remove.filter((cidr) => !left.has(cidr));
  const wanted = new Set(edit.names);
  const configurations = after.properties.ipConfigurations.filter(({ name }) => wanted.has(name));
  const added = configurations.flatMap((configuration: IpConfiguration) => blockOf(configuration) ?? []);
  const reason = failure ?? shortageOf(edit, added, removed);
  if (failure !== undefined && added.length === 0 && removed.length === 0) throw failure;
  return { added, removed, ...(reason === undefined ? {} : { failure: reason }) };
}

/** The operation is said to have succeeded: what it has not done was undone by somebody else, or is shown later. */
function shortageOf({ interfaceId, names, remove }: BlockEdit, added: readonly Cidr[], removed: readonly Cidr[]) {
  if (added.length === names.length && removed.length === remove.length) return undefined;
  const got = `${added.length} of ${names.length} blocks asked for, and lost ${removed.length} of ${remove.length}`;
  return new PodwireError("CLOUD_CONFLICT", `${interfaceId} got ${got}`, { op: `update ${interfaceId}` });
}

function kindOf({ add }: BlockEdit) {
  if (add === undefined) throw new PodwireError("INTERNAL", "names of blocks without a kind");
  return add.kind;
}

function mustBeManaged(own: NetworkInterface): void {
  if (!isNoManage(own)) return;
  throw new PodwireError("CLOUD_CONFLICT", `${own.id} is tagged not to be touched`, { op: `update ${own.id}` });
}
