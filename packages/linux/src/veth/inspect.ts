import {
  type AttachmentFacts,
  type AttachmentSpec,
  cidrFamily,
  type Drift,
  familyOf,
  isPodwireError,
} from "@podwire/core";
import type { DataPathHost } from "../data-path.ts";
import type { PodNamespace } from "../namespace/pod-namespace.ts";
import type { Link } from "../netlink/link.ts";
import type { PermanentNeigh } from "../netlink/neigh.ts";
import type { Netlink } from "../netlink/netlink.ts";
import { formatRoute, type Route, sameRoute, sameRoutePlace } from "../netlink/route.ts";
import { formatRule, sameRule } from "../netlink/rule.ts";
import { podRule } from "../node/pod-rule.ts";
import { attachmentAlias } from "./attachment-link.ts";
import { familiesOf, hostObjects, type LinkObjects, podObjects, type SpecAndFacts } from "./veth-plan.ts";

/** CHECK: every object of the attachment, on the host and in the pod, against what the kernel holds. */
export async function inspectVeth(
  host: DataPathHost,
  spec: AttachmentSpec,
  facts: AttachmentFacts,
): Promise<readonly Drift[]> {
  const attachment = { spec, facts };
  const hostLink = await host.netlink.link(facts.hostIfName);
  const onHost = await inspectHost(host, attachment, hostLink);
  return [...onHost, ...(await inspectPodAt(host, attachment, hostLink))];
}

async function inspectHost(host: DataPathHost, attachment: SpecAndFacts, link: Link | undefined): Promise<Drift[]> {
  const { spec, facts } = attachment;
  const rules = await inspectRules(host, spec);
  if (link === undefined) return [{ object: "link", expected: facts.hostIfName }, ...rules];
  const objects = hostObjects(attachment, link.index, host.numbers);
  const drifts: Drift[] = [];
  const alias = attachmentAlias(spec.key);
  if (link.alias !== alias) {
    drifts.push({ object: "link", expected: `${link.name} alias ${alias}`, found: link.alias ?? "no alias" });
  }
  if (link.rpFilter !== 1) {
    const name = `net.ipv4.conf.${link.name}.rp_filter`;
    drifts.push({ object: "sysctl", expected: `${name}=1`, found: `${name}=${link.rpFilter ?? "absent"}` });
  }
  drifts.push(...compareLink(link, { name: facts.hostIfName, mac: facts.hostMac, mtuBytes: facts.mtuBytes }));
  drifts.push(...(await compareObjects(host.netlink, link, objects)), ...rules);
  return drifts;
}

async function inspectRules({ netlink, numbers }: DataPathHost, spec: AttachmentSpec): Promise<Drift[]> {
  const drifts: Drift[] = [];
  for (const family of familiesOf(spec)) {
    const rule = podRule(numbers, family);
    if ((await netlink.rules(family)).some((one) => sameRule(one, rule))) continue;
    drifts.push({ object: "rule", expected: `-${family} rule ${formatRule(rule)}` });
  }
  return drifts;
}

/** A namespace that is gone, or another one, holds nothing of the attachment: a difference like every other. */
async function inspectPodAt(
  host: DataPathHost,
  attachment: SpecAndFacts,
  hostLink: Link | undefined,
): Promise<Drift[]> {
  const { spec } = attachment;
  let pod: PodNamespace;
  try {
    pod = host.openPod(spec.netns);
  } catch (error) {
    if (!isPodwireError(error, "INVALID_NETNS")) throw error;
    return [{ object: "link", expected: `${spec.key.ifName} in ${spec.netns.path}`, found: error.message }];
  }
  try {
    return await inspectPod(pod, attachment, { host, hostLink });
  } finally {
    pod.close();
  }
}

async function inspectPod(
  { netlink }: PodNamespace,
  attachment: SpecAndFacts,
  { host, hostLink }: { readonly host: DataPathHost; readonly hostLink: Link | undefined },
): Promise<Drift[]> {
  const { spec, facts } = attachment;
  const { ifName } = spec.key;
  const link = (await netlink.link(ifName)) ?? (await linkAt(netlink, hostLink?.peerIndex));
  if (link === undefined) return [{ object: "link", expected: `${ifName} in ${spec.netns.path}` }];
  const objects = podObjects(attachment, link.index, host.numbers);
  return [
    ...compareLink(link, { name: ifName, mac: facts.podMac, mtuBytes: facts.mtuBytes }),
    ...(await compareObjects(netlink, link, objects)),
  ];
}

/** The pod's end under another name. */
async function linkAt(netlink: Netlink, index: number | undefined): Promise<Link | undefined> {
  return index === undefined ? undefined : netlink.link(index);
}

function compareLink(link: Link, expected: Pick<Link, "name" | "mac" | "mtuBytes">): Drift[] {
  const drifts: Drift[] = [];
  const name = expected.name;
  if (link.name !== name) drifts.push({ object: "link", expected: name, found: link.name });
  if (!link.up) drifts.push({ object: "link", expected: `${name} up`, found: `${link.name} down` });
  if (link.mac !== expected.mac) {
    drifts.push({ object: "link", expected: `${name} address ${expected.mac}`, found: `${link.mac ?? "none"}` });
  }
  if (link.mtuBytes !== expected.mtuBytes) {
    drifts.push({ object: "link", expected: `${name} mtu ${expected.mtuBytes}`, found: `${link.mtuBytes}` });
  }
  return drifts;
}

async function compareObjects(netlink: Netlink, link: Link, objects: LinkObjects): Promise<Drift[]> {
  const drifts: Drift[] = [];
  const addrs = await netlink.addrs();
  for (const { address, prefixLength } of objects.addrs) {
    if (addrs.some((one) => one.address === address && one.ifIndex === link.index)) continue;
    drifts.push({ object: "addr", expected: `${address}/${prefixLength} dev ${link.name}` });
  }
  for (const route of objects.routes) drifts.push(...(await compareRoute(netlink, link, route)));
  for (const neigh of objects.neighs) drifts.push(...(await compareNeigh(netlink, link, neigh)));
  return drifts;
}

async function compareNeigh(netlink: Netlink, link: Link, { address, mac }: PermanentNeigh): Promise<Drift[]> {
  const neighs = await netlink.neighs(familyOf(address));
  const known = neighs.find((one) => one.ifIndex === link.index && one.address === address);
  if (known?.mac === mac && known.permanent) return [];
  const found = known === undefined ? {} : { found: `${known.mac}${known.permanent ? "" : " not permanent"}` };
  return [{ object: "neigh", expected: `${address} lladdr ${mac} dev ${link.name} PERMANENT`, ...found }];
}

async function compareRoute(netlink: Netlink, link: Link, route: Route): Promise<Drift[]> {
  const routes = await netlink.routes({ family: cidrFamily(route.destination), table: route.table });
  const found = routes.find((one) => sameRoutePlace(one, route));
  if (found !== undefined && sameRoute(found, route)) return [];
  const expected = formatRoute(route, link.name);
  return [{ object: "route", expected, ...(found === undefined ? {} : { found: formatRoute(found) }) }];
}
