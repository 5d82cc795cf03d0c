import { families } from "@podwire/core";
import {
  type Addr,
  defaultKernelNumbers,
  type Link,
  type Neigh,
  type Netlink,
  openNetlink,
  type Route,
  type Rule,
} from "@podwire/linux";

/** RTPROT_KERNEL: routes that follow from links and addresses, some of them a moment later. */
const kernelProtocol = 2;

/**
 * What a namespace holds, one object a line: equal texts, equal kernels. Without what the kernel does by itself:
 * indices, link-local IPv6, routes of its own, neighbours it learnt.
 */
export async function kernelText(netnsPath: string): Promise<string> {
  const netlink = openNetlink({ netnsPath, maxSockets: 1 });
  try {
    const links = await netlink.links();
    const nameOf = (index: number | undefined) => links.find((link) => link.index === index)?.name;
    const lines = [
      ...links.map(linkText),
      ...(await netlink.addrs()).flatMap((addr) => addrText(addr, nameOf(addr.ifIndex))),
      ...(await perFamily(netlink, nameOf)),
    ];
    return [netnsPath, ...lines.sort()].join("\n");
  } finally {
    netlink.close();
  }
}

/** The same lines told apart: those of objects with podwire's marks, and everybody else's. */
export function byOwner(text: string): { readonly ours: readonly string[]; readonly foreign: readonly string[] } {
  const { protocol } = defaultKernelNumbers;
  const marks = [`"protocol":${protocol}\\b`, `proto ${protocol}$`, '"alias":"podwire:', " dev pw[0-9a-f]{12}$"];
  const isOurs = new RegExp(marks.join("|"));
  const lines = text.split("\n");
  return { ours: lines.filter((line) => isOurs.test(line)), foreign: lines.filter((line) => !isOurs.test(line)) };
}

type NameOf = (index: number | undefined) => string | undefined;

async function perFamily(netlink: Netlink, nameOf: NameOf): Promise<string[]> {
  const lines: string[] = [];
  for (const family of families) {
    lines.push(...(await netlink.routes({ family })).flatMap((route) => routeText(route, nameOf(route.ifIndex))));
    lines.push(...(await netlink.rules(family)).map(ruleText));
    lines.push(...(await netlink.neighs(family)).flatMap((neigh) => neighText(neigh, nameOf(neigh.ifIndex))));
  }
  return lines;
}

function linkText({ index: _index, peerIndex: _peerIndex, peerNetnsId: _peerNetnsId, ...link }: Link): string {
  return `link ${JSON.stringify(link)}`;
}

function addrText({ address, prefixLength, protocol }: Addr, ifName: string | undefined): string[] {
  return address.startsWith("fe80:") ? [] : [`addr ${address}/${prefixLength} dev ${ifName} proto ${protocol}`];
}

function routeText({ ifIndex: _, ...route }: Route, ifName: string | undefined): string[] {
  return route.protocol === kernelProtocol ? [] : [`route ${JSON.stringify(route)} dev ${ifName}`];
}

function ruleText(rule: Rule): string {
  return `rule ${JSON.stringify(rule)}`;
}

function neighText({ ifIndex: _, ...neigh }: Neigh, ifName: string | undefined): string[] {
  return neigh.permanent ? [`neigh ${JSON.stringify(neigh)} dev ${ifName}`] : [];
}
