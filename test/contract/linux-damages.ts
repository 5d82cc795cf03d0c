import { cidrFamily, familyOf, hostCidr, networkAddress, parseMac } from "@podwire/core";
import {
  type Addr,
  defaultKernelNumbers,
  deleteAddr,
  deleteLink,
  deleteNeigh,
  deleteRoute,
  deleteRule,
  type Link,
  type NetlinkRequest,
  replaceNeigh,
  setLink,
} from "@podwire/linux";
import type { Damage, Damaged } from "@podwire/testkit";
import type { LinuxPlace } from "./linux-place.ts";

const { podTable, podRulePriority, protocol } = defaultKernelNumbers;
const otherMac = parseMac("02:de:ad:00:00:01");

/** On the attachment's host interface. */
function onNode(name: string, requests: (link: Link, damaged: Damaged) => readonly NetlinkRequest[]): Damage {
  return {
    name,
    side: "node",
    inflict: async (damaged) => {
      const { netlink } = damaged.place as LinuxPlace;
      await netlink.apply(requests(await linkOf(netlink, damaged.facts.hostIfName), damaged));
    },
  };
}

/** On the pod's interface. */
function inPod(name: string, requests: (link: Link, damaged: Damaged) => readonly NetlinkRequest[]): Damage {
  return {
    name,
    side: "pod",
    inflict: (damaged) =>
      (damaged.place as LinuxPlace).inPod(damaged.spec.netns.path, async (netlink) =>
        netlink.apply(requests(await linkOf(netlink, damaged.spec.key.ifName), damaged)),
      ),
  };
}

async function linkOf(netlink: LinuxPlace["netlink"], name: string): Promise<Link> {
  const link = await netlink.link(name);
  if (link === undefined) throw new Error(`there is no link ${name} to damage`);
  return link;
}

export const linuxDamages: readonly Damage[] = [
  onNode("the host interface deleted", ({ index }) => [deleteLink(index)]),
  onNode("the host interface set down", ({ index }) => [setLink(index, { up: false })]),
  onNode("the host interface without its alias", ({ index }) => [setLink(index, { alias: "" })]),
  onNode("the host interface with rp_filter off", ({ index }) => [setLink(index, { rpFilter: 0 })]),
  onNode("the pod's routes deleted", ({ index }, { spec }) =>
    spec.addresses.map(({ address }) =>
      deleteRoute({ table: podTable, type: "unicast", destination: hostCidr(address), ifIndex: index, protocol }),
    ),
  ),
  onNode("the pod's neighbour deleted", ({ index }, { spec }) =>
    spec.addresses.map(({ address }) => deleteNeigh({ ifIndex: index, address })),
  ),
  onNode("the pod's neighbour with another MAC", ({ index }, { spec }) =>
    spec.addresses.map(({ address }) => replaceNeigh({ ifIndex: index, address, mac: otherMac })),
  ),
  onNode("the rule for the pods' table deleted", (_, { spec }) =>
    spec.addresses.map(({ address }) =>
      deleteRule({ family: familyOf(address), priority: podRulePriority, table: podTable, protocol }),
    ),
  ),
  inPod("the pod's interface set down", ({ index }) => [setLink(index, { up: false })]),
  inPod("the pod's interface renamed", ({ index }) => [
    setLink(index, { up: false }),
    setLink(index, { name: "renamed" }),
    setLink(index, { up: true }),
  ]),
  inPod("the pod's interface with another MAC", ({ index }) => [setLink(index, { mac: otherMac })]),
  inPod("the pod's interface with another MTU", ({ index }) => [setLink(index, { mtuBytes: 1300 })]),
  inPod("the pod's addresses deleted", ({ index }, { spec }) =>
    spec.addresses.map(({ address }) => deleteAddr(podAddr(index, address))),
  ),
  inPod("the pod's default routes deleted", ({ index }, { facts }) =>
    facts.routes
      .filter(({ destination }) => destination.endsWith("/0"))
      .map((route) => deleteRoute({ ...route, table: 254, type: "unicast", ifIndex: index, protocol })),
  ),
  inPod("the pod's gateway with another MAC", ({ index }, { facts }) =>
    facts.routes
      .filter(({ gateway }) => gateway === undefined)
      .map(({ destination }) => ({ ifIndex: index, address: networkAddress(destination), mac: otherMac }))
      .map(replaceNeigh),
  ),
];

function podAddr(ifIndex: number, address: Addr["address"]): Addr {
  return { ifIndex, address, prefixLength: cidrFamily(hostCidr(address)) === 4 ? 32 : 128, protocol };
}
