import {
  type Address,
  type AttachmentReport,
  compareAddresses,
  containsAddress,
  formatAttachmentKey,
  type NodeReport,
} from "@podwire/core";
import type { Contradiction } from "./contradiction.ts";
import type { NodeFacts } from "./facts.ts";

/** Every contradiction between the three views of a node; empty when they agree and nothing is left over. */
export function audit(facts: NodeFacts): readonly Contradiction[] {
  return [
    ...interfaceContradictions(facts),
    ...blockContradictions(facts),
    ...addressContradictions(facts.report),
    ...attachmentContradictions(facts),
    ...kernelLeftovers(facts),
    ...operationLeftovers(facts.report),
  ];
}

function interfaceContradictions({ report, cloud, kernel }: NodeFacts): readonly Contradiction[] {
  const inCloud = new Set(cloud.interfaces.map(({ id }) => id));
  const inStore = new Set(report.interfaces.map(({ id }) => id));
  const inKernel = new Set(kernel.interfaces.map(({ mac }) => mac));
  return [
    ...missing(inStore, inCloud).map((id) => contradiction("interface-not-in-cloud", id, "the store counts on it")),
    ...missing(inCloud, inStore).map((id) => contradiction("interface-not-in-store", id, "the cloud has it")),
    ...cloud.interfaces
      .filter(({ mac }) => !inKernel.has(mac))
      .map(({ id, mac }) => contradiction("interface-not-in-kernel", id, `no link of the node has the MAC ${mac}`)),
  ];
}

/** Blocks on their way (assigning, releasing) may be on either side; a lost one must be gone from the cloud. */
function blockContradictions({ report, cloud, kernel }: NodeFacts): readonly Contradiction[] {
  const ready = report.blocks.filter(({ state }) => state === "ready");
  const counted = new Set(ready.map(({ interfaceId, cidr }) => `${cidr} on ${interfaceId}`));
  const known = new Set(
    report.blocks.filter(({ state }) => state !== "lost").map((block) => `${block.cidr} on ${block.interfaceId}`),
  );
  const inCloud = new Set(cloud.interfaces.flatMap(({ id, blocks }) => blocks.map((cidr) => `${cidr} on ${id}`)));
  return [
    ...missing(counted, inCloud).map((block) => contradiction("block-not-in-cloud", block, "the store calls it ready")),
    ...missing(inCloud, known).map((block) => contradiction("block-not-in-store", block, "the cloud holds it")),
    ...missing(new Set(ready.map(({ cidr }) => cidr)), new Set(kernel.blockRoutes)).map((cidr) =>
      contradiction("block-not-in-kernel", cidr, "the kernel has no unreachable route for it"),
    ),
  ];
}

function addressContradictions(report: NodeReport): readonly Contradiction[] {
  const holders = new Map<Address, AttachmentReport>();
  const found: Contradiction[] = [];
  for (const attachment of report.attachments) {
    for (const address of attachment.addresses) {
      const other = holders.get(address);
      if (other !== undefined) {
        found.push(contradiction("address-shared", address, `${nameOf(other)} and ${nameOf(attachment)} hold it`));
      }
      holders.set(address, attachment);
      if (!report.blocks.some(({ cidr, state }) => state === "ready" && containsAddress(cidr, address))) {
        found.push(contradiction("address-without-block", address, `${nameOf(attachment)} holds it`));
      }
    }
  }
  return found;
}

function attachmentContradictions({ report, kernel }: NodeFacts): readonly Contradiction[] {
  const inStore = new Map(report.attachments.map((each) => [nameOf(each), each]));
  const inKernel = new Map(kernel.attachments.map((each) => [formatAttachmentKey(each.key), each]));
  const found: Contradiction[] = [];
  for (const [name, { state, addresses }] of inStore) {
    const link = inKernel.get(name);
    if (state !== "ready") found.push(contradiction("attachment-unfinished", name, `its state is ${state}`));
    else if (link === undefined)
      found.push(contradiction("attachment-not-in-kernel", name, "no link carries its name"));
    else if (listed(link.addresses) !== listed(addresses)) {
      const message = `the store says ${listed(addresses)}, the kernel routes ${listed(link.addresses)}`;
      found.push(contradiction("attachment-addresses-differ", name, message));
    }
  }
  for (const [name, { hostIfName }] of inKernel) {
    if (!inStore.has(name))
      found.push(contradiction("attachment-not-in-store", name, `the link ${hostIfName} carries it`));
  }
  return found;
}

function kernelLeftovers({ report, kernel }: NodeFacts): readonly Contradiction[] {
  const held = new Set(report.attachments.flatMap(({ addresses }) => addresses));
  const leftover = (object: string) => (subject: string) =>
    contradiction("kernel-leftover", subject, `the kernel has ${object} for it, and nothing in the store holds it`);
  return [
    ...missing(new Set(kernel.podRoutes), held).map(leftover("a route")),
    ...missing(new Set(kernel.podNeighbours), held).map(leftover("a neighbour")),
    ...missing(new Set(kernel.blockRoutes), new Set(report.blocks.map(({ cidr }) => cidr))).map(
      leftover("an unreachable route"),
    ),
  ];
}

function operationLeftovers(report: NodeReport): readonly Contradiction[] {
  return report.operations.map(({ token, kind, state }) =>
    contradiction("operation-leftover", token, `${kind} is still written down as ${state}`),
  );
}

function contradiction(kind: Contradiction["kind"], subject: string, message: string): Contradiction {
  return { kind, subject, message };
}

function missing<Item>(wanted: ReadonlySet<Item>, present: ReadonlySet<Item>): readonly Item[] {
  return [...wanted].filter((item) => !present.has(item));
}

function nameOf({ network, containerId, ifName }: AttachmentReport): string {
  return formatAttachmentKey({ network, containerId, ifName });
}

function listed(addresses: readonly Address[]): string {
  return [...addresses].sort(compareAddresses).join(", ") || "none";
}
