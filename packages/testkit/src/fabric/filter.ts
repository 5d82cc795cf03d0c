import { type Address, type Cidr, cidrFamily, type Family, families, familyOf, hostCidr } from "@podwire/core";
import { deliveries, type FabricState, routerLinkName } from "./state.ts";

/** The nft table of a fabric's router: the cloud's source and destination check. */
export const filterTable = "vpc";

/** The router's link to the internet. */
export const internetLink = "internet";

/** Why packets were dropped; the names of the counters. */
export const dropReasons = ["source-check", "undeliverable", "not-a-service", "internet-gateway"] as const;
export type DropReason = (typeof dropReasons)[number];

/** What the filter knows beside the state. */
export interface FilterFacts {
  /** Addresses of the router that instances may talk to: metadata, the cloud's API. */
  readonly services: readonly Address[];
  /** Addresses of the hosts outside. */
  readonly outside: readonly Address[];
}

/**
 * The table with empty sets. A packet passes if its source is assigned to the interface it came in by, and
 * - it goes to a service of the cloud and comes from a primary address, or
 * - it goes to an address the router has a route for. Of IPv4 only primary addresses pass the internet gateway: they
 *   are the ones with a public address (https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html).
 */
export function renderFilter(): string {
  const counters = dropReasons.map((reason) => `  counter ${reason} { }`);
  const sets = families.flatMap((family) => [
    `  set assigned${family} { type ifname . ipv${family}_addr; flags interval; }`,
    `  set primary${family} { type ifname . ipv${family}_addr; }`,
    `  set service${family} { type ipv${family}_addr; }`,
  ]);
  return `add table inet ${filterTable}
delete table inet ${filterTable}
table inet ${filterTable} {
${[...counters, ...sets].join("\n")}
  set public4 { type ipv4_addr; }
  chain check {
    type filter hook prerouting priority raw; policy drop;
    iifname "lo" accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept
    ip6 saddr { ::, fe80::/10 } drop
    iifname . ip saddr @assigned4 goto deliver
    iifname . ip6 saddr @assigned6 goto deliver
    counter name source-check
  }
  chain deliver {
    ip daddr @service4 iifname . ip saddr @primary4 accept
    ip6 daddr @service6 iifname . ip6 saddr @primary6 accept
    fib daddr type local counter name not-a-service drop
    fib daddr oif missing counter name undeliverable drop
    iifname "${internetLink}" ip daddr != @public4 counter name internet-gateway drop
    fib daddr oifname "${internetLink}" ip saddr != @public4 counter name internet-gateway drop
    accept
  }
}
`;
}

/** The sets' contents as one transaction; the counters go on. */
export function renderElements(state: FabricState, facts: FilterFacts): string {
  const elements = [
    ...families.flatMap((family) => familyElements(family, state, facts)),
    { set: "public4", elements: primaries(state, 4).map(({ address }) => address) },
  ];
  return elements.map(({ set, elements }) => renderSet(set, elements)).join("");
}

function familyElements(family: Family, state: FabricState, facts: FilterFacts) {
  const assigned = [...deliveries(state).values()]
    .filter(({ cidr }) => cidrFamily(cidr) === family)
    .map(({ cidr, interface: owner }) => pair(routerLinkName(owner.id), cidr));
  const outside = ofFamily(facts.outside, family).map((address) => pair(internetLink, hostCidr(address)));
  return [
    { set: `assigned${family}`, elements: [...assigned, ...outside] },
    {
      set: `primary${family}`,
      elements: primaries(state, family).map(({ link, address }) => `"${link}" . ${address}`),
    },
    { set: `service${family}`, elements: ofFamily(facts.services, family) },
  ];
}

function primaries(state: FabricState, family: Family) {
  return state.interfaces.flatMap((owner) =>
    ofFamily(owner.primaryAddresses, family).map((address) => ({ link: routerLinkName(owner.id), address })),
  );
}

function ofFamily(addresses: readonly Address[], family: Family): readonly Address[] {
  return addresses.filter((address) => familyOf(address) === family);
}

function pair(link: string, cidr: Cidr): string {
  return `"${link}" . ${cidr}`;
}

function renderSet(set: string, elements: readonly string[]): string {
  const flush = `flush set inet ${filterTable} ${set}\n`;
  return elements.length === 0 ? flush : `${flush}add element inet ${filterTable} ${set} { ${elements.join(", ")} }\n`;
}
