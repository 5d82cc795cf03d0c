import {
  type Address,
  type Cidr,
  cidrFamily,
  compareCidrs,
  containsCidr,
  type Egress,
  type InterfaceRole,
  PodwireError,
  quoteValue,
} from "@podwire/core";
import { hostIfNamePrefix } from "../veth/attachment-link.ts";

/** podwire's table; nothing outside it is ever changed. */
export const nftTable = "podwire";

/** An interface of ours as the rules see it. */
export interface RulesetInterface {
  readonly ifName: string;
  readonly role: InterfaceRole;
  readonly ordinal: number;
  /** In place in the mask. */
  readonly mark: number;
  readonly blocks: readonly Cidr[];
}

export interface Ruleset {
  readonly markMask: number;
  readonly interfaces: readonly RulesetInterface[];
  readonly vpcCidrs: readonly Cidr[];
  readonly egress: Egress;
  /** Where traffic leaves that is translated; absent when the primary interface or its IPv4 address is not known. */
  readonly primary?: { readonly ifName: string; readonly address: Address };
}

/** Where clouds keep their metadata servers. */
const metadataAddresses = { ip: "169.254.169.254", ip6: "fd00:ec2::254" } as const;

const fromPod = `iifname "${hostIfNamePrefix}*"`;
/**
 * Answers get the address that was asked as their source, whoever sends them. Others keep their own: an ICMP error of
 * the node about a packet that came in by a secondary interface has the primary one's, and leaves there.
 */
const translated = "ct status dnat";

/**
 * The whole table as text for `nft -f`: replaced in one transaction. Rules depend on interfaces and blocks, never on
 * pods: an ADD writes no nft.
 */
export function renderRuleset(ruleset: Ruleset): string {
  const sections = [
    ...renderSets(ruleset),
    renderAntiSpoofing(),
    renderMarks(ruleset),
    ...renderAnswers(ruleset),
    ...ruleset.interfaces.map((one) => renderInterfaceMark(one, ruleset.markMask)),
    ...renderMetadata(ruleset.egress),
    ...renderTranslation(ruleset),
  ];
  const table = `table inet ${nftTable}`;
  // Naming the table first makes the deletion succeed when there is none yet.
  return `${table}\ndelete ${table}\n${table} {\n${sections.join("\n")}}\n`;
}

/** Rules that keep the other bits of the mark are one chain an interface: a map can only replace a mark as a whole. */
function renderSets({ interfaces, vpcCidrs, egress }: Ruleset): string[] {
  const untranslated = outermost([...vpcCidrs, ...egress.excludedCidrs].filter((cidr) => cidrFamily(cidr) === 4));
  const verdicts = (family: 4 | 6) =>
    interfaces.flatMap(({ ordinal, blocks }) =>
      blocks.filter((block) => cidrFamily(block) === family).map((block) => ({ block, ordinal })),
    );
  const elements = (family: 4 | 6) =>
    verdicts(family)
      .sort((a, b) => compareCidrs(a.block, b.block))
      .map(({ block, ordinal }) => `${block} : goto ${markChain(ordinal)}`);
  return [
    renderElements("set untranslated4", "type ipv4_addr", untranslated),
    renderElements("map blocks4", "type ipv4_addr : verdict", elements(4)),
    renderElements("map blocks6", "type ipv6_addr : verdict", elements(6)),
  ];
}

/**
 * A pod sends only from addresses that are routed to it. IPv6 has nothing else against it; for IPv4 the link's
 * rp_filter does the same, as long as nobody turns it off. Before connection tracking: a forged packet makes no entry.
 */
function renderAntiSpoofing(): string {
  return renderChain("antispoofing", "filter hook prerouting priority raw", [
    `${fromPod} fib saddr . iif oif missing counter drop`,
  ]);
}

/**
 * Which interface a packet leaves by. After DNAT (priority -100): the destination is then the real one, and service
 * addresses are gone. A connection that came in by an interface is answered by it, also where a service proxy has sent
 * it on to another node; everything else of a pod that keeps the pod's address leaves by the interface that holds the
 * block: the cloud drops it elsewhere.
 */
function renderMarks({ interfaces, markMask, egress }: Ruleset): string {
  const keep = hex(~markMask >>> 0);
  const arrivals = interfaces.map(
    ({ ifName, mark }) =>
      `iifname ${quoteIfName(ifName)} ct direction original ct mark set ct mark and ${keep} or ${hex(mark)}`,
  );
  const onlyUntranslated = egress.nat === "node" ? " ip daddr @untranslated4" : "";
  return renderChain("marks", "filter hook prerouting priority -90", [
    ...arrivals,
    ...renderReplies(translated, interfaces.filter(isSecondary), markMask),
    ...renderReplies(fromPod, interfaces, markMask),
    `${fromPod}${onlyUntranslated} ip saddr vmap @blocks4`,
    `${fromPod} ip6 saddr vmap @blocks6`,
  ]);
}

/**
 * A process of the node that a service proxy has given a connection to answers from another address than it was asked
 * on, so that the rule for that one does not lead it back. `route`: the packet is routed again when its mark changes.
 */
function renderAnswers({ interfaces, markMask }: Ruleset): string[] {
  const rules = renderReplies(translated, interfaces.filter(isSecondary), markMask);
  return rules.length === 0 ? [] : [renderChain("answers", "route hook output priority -90", rules)];
}

function renderReplies(match: string, interfaces: readonly RulesetInterface[], markMask: number): string[] {
  const verdicts = interfaces.map(({ mark, ordinal }) => `${hex(mark)} : goto ${markChain(ordinal)}`).join(", ");
  const rule = `${match} ct direction reply ct mark and ${hex(markMask)} vmap { ${verdicts} }`;
  return interfaces.length === 0 ? [] : [rule];
}

/** What is no pod's is answered by the main table where it came in by the primary interface, as without podwire. */
function isSecondary({ role }: RulesetInterface): boolean {
  return role === "secondary";
}

function renderInterfaceMark({ ordinal, mark }: RulesetInterface, markMask: number): string {
  return renderChain(markChain(ordinal), undefined, [
    `meta mark set meta mark and ${hex(~markMask >>> 0)} or ${hex(mark)}`,
  ]);
}

/** After DNAT, so that a metadata proxy on the node may still answer in the server's place. */
function renderMetadata({ podMetadataAccess }: Egress): string[] {
  if (podMetadataAccess) return [];
  const rules = Object.entries(metadataAddresses).map(
    ([family, address]) => `${fromPod} ${family} daddr ${address} counter reject with icmpx type admin-prohibited`,
  );
  return [renderChain("metadata", "filter hook forward priority filter", rules)];
}

/** `snat`, not `masquerade`: that forgets its connections when the link flaps. */
function renderTranslation({ egress, primary }: Ruleset): string[] {
  if (egress.nat !== "node" || primary === undefined) return [];
  const rule = `${fromPod} oifname ${quoteIfName(primary.ifName)} ip daddr != @untranslated4 snat ip to ${primary.address}`;
  return [renderChain("translation", "nat hook postrouting priority srcnat", [rule])];
}

function renderChain(name: string, hook: string | undefined, rules: readonly string[]): string {
  const head = hook === undefined ? [] : [`type ${hook}; policy accept;`];
  return `\tchain ${name} {\n${[...head, ...rules].map((line) => `\t\t${line}\n`).join("")}\t}\n`;
}

function renderElements(name: string, type: string, elements: readonly string[]): string {
  const list = elements.length === 0 ? "" : `\t\telements = { ${elements.join(", ")} }\n`;
  return `\t${name} {\n\t\t${type}\n\t\tflags interval\n${list}\t}\n`;
}

function markChain(ordinal: number): string {
  return `interface_${ordinal}`;
}

/** An interval set must not overlap itself. */
function outermost(cidrs: readonly Cidr[]): readonly Cidr[] {
  const unique = [...new Set(cidrs)].sort(compareCidrs);
  return unique.filter((cidr) => !unique.some((other) => other !== cidr && containsCidr(other, cidr)));
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** The kernel allows almost any byte in a name; a rule must not be steered by one, and `*` would match others. */
function quoteIfName(name: string): string {
  if (/^[A-Za-z0-9_.@-]{1,15}$/.test(name)) return `"${name}"`;
  throw new PodwireError("NOT_SUPPORTED", `interface ${quoteValue(name)} has a name that no nft rule can hold`, {
    value: quoteValue(name),
  });
}
