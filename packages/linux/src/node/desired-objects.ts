import { cidrFamily, type Family, familyOf, hostCidr, parseCidr } from "@podwire/core";
import { interfaceMark, interfaceTable, type KernelNumbers } from "../kernel-numbers.ts";
import type { Addr } from "../netlink/addr.ts";
import type { Route } from "../netlink/route.ts";
import type { Rule } from "../netlink/rule.ts";
import type { NodeDesire, PresentInterface } from "./node-desire.ts";
import { podRule } from "./pod-rule.ts";

const everything: Readonly<Record<Family, ReturnType<typeof parseCidr>>> = {
  4: parseCidr("0.0.0.0/0"),
  6: parseCidr("::/0"),
};

/** After the pod's own route of the same length, where a block is a single address (IPv6 routes default to 1024). */
const blockRouteMetric = 4096;

/** Primary addresses of secondary interfaces; those of the primary one are the operating system's. */
export function desiredAddrs({ interfaces, numbers }: NodeDesire): readonly Addr[] {
  return interfaces.filter(isSecondary).flatMap(({ wanted, link }) =>
    wanted.primaryAddresses.map((address) => ({
      ifIndex: link.index,
      address,
      prefixLength: familyOf(address) === 4 ? 32 : 128,
      protocol: numbers.protocol,
    })),
  );
}

/** Without attachments: each interface's table with its gateway, and no way to the free addresses of the blocks. */
export function desiredRoutes(desire: NodeDesire): readonly Route[] {
  return [...desire.interfaces.flatMap((one) => gatewayRoutes(one, desire)), ...unreachableBlocks(desire)];
}

export function desiredRules(desire: NodeDesire): readonly Rule[] {
  const { families, numbers, interfaces } = desire;
  return [
    ...families.map((family) => podRule(numbers, family)),
    ...interfaces.flatMap((one) => [...markRules(one, desire), ...sourceRules(one, numbers)]),
  ];
}

export function isSecondary({ wanted }: PresentInterface): boolean {
  return wanted.role === "secondary";
}

function gatewayRoutes({ wanted, link }: PresentInterface, { families, numbers }: NodeDesire): Route[] {
  return families.flatMap((family) => {
    const gateway = wanted.gateways[family];
    if (gateway === undefined) return [];
    return [
      {
        table: interfaceTable(numbers, wanted.ordinal),
        type: "unicast" as const,
        destination: everything[family],
        ifIndex: link.index,
        gateway,
        // The interface has its address without a prefix, so no route says that the gateway is on it.
        onlink: true,
        protocol: numbers.protocol,
      },
    ];
  });
}

/** Without these a packet to a free address goes to the cloud's router, which sends it back, until its TTL is over. */
function unreachableBlocks({ network, numbers }: NodeDesire): Route[] {
  const blocks = new Set(network.interfaces.flatMap((one) => one.blocks));
  return [...blocks].map((destination) => ({
    table: numbers.podTable,
    type: "unreachable" as const,
    destination,
    metric: blockRouteMetric,
    protocol: numbers.protocol,
  }));
}

function markRules({ wanted }: PresentInterface, { families, numbers }: NodeDesire): Rule[] {
  return families
    .filter((family) => wanted.gateways[family] !== undefined)
    .map((family) => ({
      family,
      priority: numbers.markRulePriority,
      table: interfaceTable(numbers, wanted.ordinal),
      protocol: numbers.protocol,
      mark: { value: interfaceMark(numbers, wanted.ordinal), mask: numbers.markMask },
    }));
}

/** The main table answers for the primary interface's address. */
function sourceRules(present: PresentInterface, numbers: KernelNumbers): Rule[] {
  if (!isSecondary(present)) return [];
  const { ordinal, primaryAddresses, gateways } = present.wanted;
  return primaryAddresses
    .map((address) => hostCidr(address))
    .filter((source) => gateways[cidrFamily(source)] !== undefined)
    .map((source) => ({
      family: cidrFamily(source),
      priority: numbers.sourceRulePriority,
      table: interfaceTable(numbers, ordinal),
      protocol: numbers.protocol,
      source,
    }));
}
