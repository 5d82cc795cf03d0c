import { familyOf, formatAttachmentKey } from "@podwire/core";
import { type Addr, deleteAddr, replaceAddr } from "../netlink/addr.ts";
import { type Link, type LinkChange, setLink } from "../netlink/link.ts";
import { replaceNeigh } from "../netlink/neigh.ts";
import {
  addRoute,
  deleteRoute,
  formatRoute,
  type Route,
  replaceRoute,
  sameRoute,
  sameRoutePlace,
} from "../netlink/route.ts";
import { addRule, deleteRule, formatRule, type Rule } from "../netlink/rule.ts";
import { attachmentAlias, attachmentOfLink, hostEndsAmong } from "../veth/attachment-link.ts";
import { hostObjects } from "../veth/veth-plan.ts";
import { desiredAddrs, desiredRoutes, desiredRules, isSecondary } from "./desired-objects.ts";
import { change, type NodeChange, settingChange } from "./node-change.ts";
import type { NodeDesire } from "./node-desire.ts";
import type { NodeView } from "./node-view.ts";

/**
 * What has to change for the kernel to be as desired, in the order in which it has to happen. Changes and removes only
 * what carries podwire's marks. Pure.
 */
export function planNode(view: NodeView, desire: NodeDesire): readonly NodeChange[] {
  const attachments = livingAttachments(view, desire);
  const routes = [...desiredRoutes(desire), ...attachments.flatMap((one) => one.objects.routes)];
  return [
    ...planSettings(view, desire),
    ...planInterfaces(desire),
    ...planAddrs(view, desire),
    ...attachments.flatMap((one) => planHostEnd(view, one)),
    ...planRoutes(view, desire, routes),
    ...planRules(view, desire),
  ];
}

/**
 * A kernel that forwards ignores router advertisements unless accept_ra is 2, and loses its default route: so this
 * comes first, for the interface that has one. By an advertisement a secondary one would get a default route beside it.
 *
 * Nor does that one look for duplicates of its link-local address when it comes up: until it had found none, for two
 * seconds, the kernel would not ask for the gateway, and pods on it had no IPv6.
 */
function planSettings({ setting }: NodeView, { interfaces, families }: NodeDesire): NodeChange[] {
  const changes: NodeChange[] = [];
  const want = (name: string, value: string, only = (_found: string) => true) => {
    const found = setting(name);
    if (found !== undefined && found !== value && only(found)) changes.push(settingChange(name, value));
  };
  if (families.includes(4)) want("net/ipv4/ip_forward", "1");
  if (families.includes(6)) {
    for (const one of interfaces) {
      const conf = `net/ipv6/conf/${one.link.name}`;
      if (isSecondary(one)) {
        want(`${conf}/accept_ra`, "0");
        want(`${conf}/accept_dad`, "0");
      } else want(`${conf}/accept_ra`, "2", (found) => found === "1");
    }
    want("net/ipv6/conf/all/forwarding", "1");
  }
  return changes;
}

/** Loose reverse path filtering: a pod's packets may leave by another interface than the answers would. */
function planInterfaces(desire: NodeDesire): NodeChange[] {
  return desire.interfaces.flatMap((one) => {
    const { link, wanted } = one;
    const changes: NodeChange[] = [];
    if (isSecondary(one) && link.mtuBytes !== wanted.mtuBytes)
      changes.push(linkChange(link, { mtuBytes: wanted.mtuBytes }));
    if (isSecondary(one) && !link.up) changes.push(linkChange(link, { up: true }));
    if (link.rpFilter !== 2) changes.push(rpFilterChange(link, 2));
    return changes;
  });
}

function planAddrs(view: NodeView, desire: NodeDesire): NodeChange[] {
  const wanted = desiredAddrs(desire);
  const missing = wanted.filter((addr) => !view.addrs.some((found) => sameAddr(found, addr)));
  const surplus = view.addrs.filter(
    (found) => found.protocol === desire.numbers.protocol && !wanted.some((addr) => sameAddr(found, addr)),
  );
  return [
    ...missing.map((addr) => change("addr", replaceAddr(addr, addrOptions), `addr add ${describeAddr(view, addr)}`)),
    ...surplus.map((addr) => change("addr", deleteAddr(addr), `addr del ${describeAddr(view, addr)}`)),
  ];
}

/** No route to the prefix: the interface's own table has all its routes, `main` none. */
const addrOptions = { noPrefixRoute: true, noDad: true } as const;

function sameAddr(a: Addr, b: Addr): boolean {
  return a.ifIndex === b.ifIndex && a.address === b.address;
}

interface LivingAttachment {
  readonly name: string;
  readonly link: Link;
  readonly alias: string;
  readonly objects: ReturnType<typeof hostObjects>;
}

/** Those whose link is there; one without is gone with its pod, and DEL is on its way. */
function livingAttachments(view: NodeView, { network, numbers }: NodeDesire): LivingAttachment[] {
  const hostEnd = hostEndsAmong(view.links);
  return network.attachments.flatMap((attachment) => {
    const { key } = attachment.spec;
    const link = hostEnd(key);
    if (link === undefined) return [];
    const name = formatAttachmentKey(key);
    return [{ name, link, alias: attachmentAlias(key), objects: hostObjects(attachment, link.index, numbers) }];
  });
}

function planHostEnd(view: NodeView, { name, link, alias, objects }: LivingAttachment): NodeChange[] {
  const changes: NodeChange[] = [];
  if (link.alias !== alias) {
    changes.push(change("link", setLink(link.index, { alias }), `link set ${link.name} alias ${alias}`));
  }
  if (!link.up) changes.push(linkChange(link, { up: true }));
  if (link.rpFilter !== 1) changes.push(rpFilterChange(link, 1));
  for (const neigh of objects.neighs) {
    const there = view.neighs.some(
      (one) => one.ifIndex === neigh.ifIndex && one.address === neigh.address && one.mac === neigh.mac && one.permanent,
    );
    const description = `neigh replace ${neigh.address} lladdr ${neigh.mac} dev ${link.name} nud permanent`;
    if (!there) changes.push(change("neigh", replaceNeigh(neigh), description));
  }
  return changes.map((one) => ({ ...one, attachment: name }));
}

function planRoutes(view: NodeView, desire: NodeDesire, wanted: readonly Route[]): NodeChange[] {
  const changes: NodeChange[] = [];
  for (const route of wanted) {
    const found = view.routes.find((one) => sameRoutePlace(one, route));
    if (found !== undefined && sameRoute(found, route)) continue;
    const request = found === undefined ? addRoute(route) : replaceRoute(route);
    changes.push(routeChange(view, found === undefined ? "add" : "replace", { route, request }));
  }
  const desired = new Set(desire.network.attachments.map(({ spec }) => formatAttachmentKey(spec.key)));
  for (const route of view.routes) {
    if (wanted.some((one) => sameRoutePlace(one, route))) continue;
    const owner = attachmentAt(view, route.ifIndex);
    if (owner !== undefined && !desired.has(owner)) continue;
    changes.push(routeChange(view, "del", { route, request: deleteRoute(route) }));
  }
  return changes;
}

function planRules(view: NodeView, desire: NodeDesire): NodeChange[] {
  const wanted = desiredRules(desire);
  // Somebody else's rule of the same effect is as good, and the kernel takes no second one.
  const missing = wanted.filter((rule) => !view.rules.some((found) => sameEffect(found, rule)));
  const surplus = view.rules.filter(
    (found) => found.protocol === desire.numbers.protocol && !wanted.some((rule) => sameEffect(found, rule)),
  );
  return [
    ...missing.map((rule) => change("rule", addRule(rule))),
    ...surplus.map((rule) => change("rule", deleteRule(rule))),
  ];
}

function sameEffect(a: Rule, b: Rule): boolean {
  return a.family === b.family && formatRule(a) === formatRule(b);
}

function linkChange(link: Link, wanted: LinkChange): NodeChange {
  const what = wanted.up === true ? "up" : `mtu ${wanted.mtuBytes}`;
  return change("link", setLink(link.index, wanted), `link set ${link.name} ${what}`);
}

function rpFilterChange(link: Link, rpFilter: number): NodeChange {
  const request = setLink(link.index, { rpFilter });
  return change("sysctl", request, `net.ipv4.conf.${link.name}.rp_filter=${rpFilter}`);
}

function routeChange(
  view: NodeView,
  verb: "add" | "replace" | "del",
  { route, request }: { readonly route: Route; readonly request: ReturnType<typeof addRoute> },
): NodeChange {
  const name = view.links.find(({ index }) => index === route.ifIndex)?.name;
  const owner = attachmentAt(view, route.ifIndex);
  const one = change("route", request, `route ${verb} ${formatRoute(route, name)}`);
  return owner === undefined ? one : { ...one, attachment: owner };
}

/** The attachment whose link has the index. */
function attachmentAt(view: NodeView, ifIndex: number | undefined): string | undefined {
  const link = view.links.find(({ index }) => index === ifIndex);
  const key = link === undefined ? undefined : attachmentOfLink(link);
  return key === undefined ? undefined : formatAttachmentKey(key);
}

function describeAddr(view: NodeView, { address, prefixLength, ifIndex }: Addr): string {
  const name = view.links.find(({ index }) => index === ifIndex)?.name ?? `index ${ifIndex}`;
  return `${familyOf(address) === 4 ? "" : "-6 "}${address}/${prefixLength} dev ${name}`;
}
