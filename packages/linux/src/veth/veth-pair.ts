import { type MacAddress, PodwireError, quoteValue } from "@podwire/core";
import type { DataPathHost } from "../data-path.ts";
import type { PodNamespace } from "../namespace/pod-namespace.ts";
import { createVeth, decodeLink, getLink, type Link, setLink } from "../netlink/link.ts";
import type { Netlink } from "../netlink/netlink.ts";
import { decodeNetnsId, getNetnsId } from "../netlink/netns-id.ts";
import { isRefused, refusal } from "../netlink/request.ts";
import { isHostEnd } from "./attachment-link.ts";
import type { LinkReaper } from "./link-reaper.ts";
import type { SpecAndFacts } from "./veth-plan.ts";

/** Both ends of the attachment's pair, each by its index in its own namespace. */
export interface VethPair {
  readonly hostIndex: number;
  readonly podIndex: number;
  /** Made by this call, so that a failure of it has to take the pair back. */
  readonly created: boolean;
}

export interface VethHost extends DataPathHost {
  readonly reaper: LinkReaper;
}

/**
 * The attachment's pair, made if it is not there. A pair of this key that leads elsewhere (to a namespace of an earlier
 * life, to a link renamed, to addresses of another spec) is removed first.
 * @throws INTERFACE_EXISTS when a link of somebody else has one of the names; nothing is touched then
 */
export async function ensurePair(host: VethHost, pod: PodNamespace, attachment: SpecAndFacts): Promise<VethPair> {
  const fresh = await createOrNothing(host, pod, attachment);
  if (fresh !== undefined) return fresh;
  const found = await findPair(host, pod, attachment);
  if (found.links !== undefined) {
    const { hostLink, podLink } = found.links;
    await straighten(host.netlink, hostLink, { ...attachment.facts, mac: attachment.facts.hostMac });
    await straighten(pod.netlink, podLink, { ...attachment.facts, mac: attachment.facts.podMac });
    return { hostIndex: hostLink.index, podIndex: podLink.index, created: false };
  }
  if (found.staleIndex !== undefined) await host.reaper.delete(found.staleIndex);
  const again = await createOrNothing(host, pod, attachment);
  if (again !== undefined) return again;
  throw interfaceExists(attachment.facts.hostIfName, "on the node");
}

/** An answer may get lost although the pair was made: it is known by having no alias yet. */
async function createOrNothing(
  host: VethHost,
  pod: PodNamespace,
  attachment: SpecAndFacts,
): Promise<VethPair | undefined> {
  try {
    return await createPair(host, pod, attachment);
  } catch (error) {
    const link = await host.netlink.link(attachment.facts.hostIfName);
    if (link?.alias === undefined && link !== undefined && isHostEnd(link, attachment.spec.key)) {
      await host.reaper.delete(link.index);
    }
    throw error;
  }
}

/** Undefined when one of the names is taken. The peer is created in the pod under its final name and MAC. */
async function createPair(
  { netlink }: VethHost,
  pod: PodNamespace,
  { spec, facts }: SpecAndFacts,
): Promise<VethPair | undefined> {
  const peer = { name: spec.key.ifName, mac: facts.podMac, netnsFd: pod.fd };
  const create = createVeth({ name: facts.hostIfName, mac: facts.hostMac, mtuBytes: facts.mtuBytes, peer });
  const [created, shown] = await netlink.send([create, getLink(facts.hostIfName)]);
  if (created?.errno === "EEXIST") return undefined;
  if (created !== undefined && isRefused(create, created)) throw refusal(create, created);
  const link = shown?.messages.map(({ body }) => decodeLink(body))[0];
  if (link?.peerIndex !== undefined) return { hostIndex: link.index, podIndex: link.peerIndex, created: true };
  throw new PodwireError("KERNEL_REFUSED", `link ${facts.hostIfName} vanished right after it was made`, {
    op: create.description,
  });
}

interface FoundPair {
  readonly links?: { readonly hostLink: Link; readonly podLink: Link };
  readonly staleIndex?: number;
}

async function findPair(host: VethHost, pod: PodNamespace, { spec, facts }: SpecAndFacts): Promise<FoundPair> {
  const [hostLink, podLink] = await Promise.all([
    host.netlink.link(facts.hostIfName),
    pod.netlink.link(spec.key.ifName),
  ]);
  if (hostLink !== undefined && !isHostEnd(hostLink, spec.key)) throw interfaceExists(hostLink.name, "on the node");
  const connected =
    hostLink !== undefined && podLink !== undefined && (await leadsTo(host, hostLink, { pod, podLink }));
  if (podLink !== undefined && !connected) throw interfaceExists(podLink.name, `in ${spec.netns.path}`);
  if (hostLink === undefined) return {};
  if (podLink === undefined || (await hasForeignAddresses(host, hostLink, spec))) return { staleIndex: hostLink.index };
  return { links: { hostLink, podLink } };
}

/** Indices are the same in many namespaces: only together with the namespace's number do they say which link it is. */
async function leadsTo(
  { netlink }: DataPathHost,
  hostLink: Link,
  { pod, podLink }: { readonly pod: PodNamespace; readonly podLink: Link },
): Promise<boolean> {
  if (hostLink.peerIndex !== podLink.index || hostLink.peerNetnsId === undefined) return false;
  const [answer] = await netlink.send([getNetnsId(pod.fd)]);
  return answer?.messages.some(({ body }) => decodeNetnsId(body) === hostLink.peerNetnsId) ?? false;
}

/** The link was made for other addresses: the same key lived before, with another spec. */
async function hasForeignAddresses(
  { netlink, numbers }: VethHost,
  hostLink: Link,
  spec: SpecAndFacts["spec"],
): Promise<boolean> {
  const filter = { table: numbers.podTable, protocol: numbers.protocol };
  const routes = [
    ...(await netlink.routes({ family: 4, ...filter })),
    ...(await netlink.routes({ family: 6, ...filter })),
  ];
  const own = new Set<string>(spec.addresses.map(({ address }) => address));
  return routes.some(
    ({ ifIndex, destination }) => ifIndex === hostLink.index && !own.has(destination.split("/")[0] ?? ""),
  );
}

/** A MAC address that is set anew, even to the same, makes the kernel forget every neighbour on the link. */
async function straighten(
  netlink: Netlink,
  link: Link,
  { mac, mtuBytes }: { readonly mac: MacAddress; readonly mtuBytes: number },
): Promise<void> {
  if (link.mac !== mac) await netlink.apply([setLink(link.index, { mac })]);
  if (link.mtuBytes !== mtuBytes) await netlink.apply([setLink(link.index, { mtuBytes })]);
}

function interfaceExists(name: string, where: string): PodwireError {
  return new PodwireError("INTERFACE_EXISTS", `interface ${quoteValue(name)} exists ${where} and is not podwire's`, {
    field: "CNI_IFNAME",
    value: quoteValue(name),
  });
}
