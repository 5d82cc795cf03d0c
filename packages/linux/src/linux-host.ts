import { existsSync } from "node:fs";
import {
  type Address,
  type AttachmentKey,
  type AttachmentSpec,
  type FoundAttachment,
  families,
  familyOf,
  type HostCapabilities,
  type HostNetwork,
  hostCidr,
  type NetnsRef,
  networkAddress,
  PodwireError,
} from "@podwire/core";
import type { DataPath, DataPathHost } from "./data-path.ts";
import { hostEvents } from "./events/host-events.ts";
import { checkKernelNumbers, defaultKernelNumbers, type KernelNumbers } from "./kernel-numbers.ts";
import { type HostNamespace, openHostNamespace } from "./namespace/host-namespace.ts";
import { invalidNetns, netnsCookie, openNetns } from "./namespace/netns.ts";
import { openPodNamespace } from "./namespace/pod-namespace.ts";
import { type Netlink, netlinkOver } from "./netlink/netlink.ts";
import { deleteRoute, type Route } from "./netlink/route.ts";
import { createNft } from "./nft/nft-command.ts";
import { createWatchedTable } from "./nft/watched-table.ts";
import { addressesInUse } from "./node/addresses-in-use.ts";
import { type AttachmentActivity, createAttachmentActivity } from "./node/attachment-activity.ts";
import { convergeNode } from "./node/converge.ts";
import { hostInterfaces } from "./node/host-interfaces.ts";
import { judgeNode } from "./preflight/judge-node.ts";
import { readNodeCondition } from "./preflight/node-condition.ts";
import { createSysctl } from "./sysctl/sysctl.ts";
import { attachmentOfLink } from "./veth/attachment-link.ts";
import { createVethDataPath } from "./veth/veth-data-path.ts";

export interface LinuxHostOptions {
  /** The namespace to take for the host's; default: the process's own. */
  readonly hostNetnsPath?: string;
  readonly numbers?: Partial<KernelNumbers>;
}

export interface LinuxHost extends HostNetwork {
  /** Closes what is open; the kernel stays as it is. */
  close(): void;
}

interface HostParts {
  readonly namespace: HostNamespace;
  readonly netlink: Netlink;
  readonly numbers: KernelNumbers;
  readonly capabilities: HostCapabilities;
  readonly dataPaths: readonly DataPath[];
  readonly activity: AttachmentActivity;
}

/**
 * HostNetwork on the Linux kernel, in one network namespace.
 * @throws INVALID_NETNS, KERNEL_REFUSED, HOST_UNFIT
 */
export function createLinuxHost(options: LinuxHostOptions = {}): LinuxHost {
  const parts = openParts(options);
  const { namespace, netlink, numbers, activity } = parts;
  const sysctl = createSysctl(namespace.runInside);
  const nft = createNft(namespace.path);
  const table = createWatchedTable(nft);
  return {
    capabilities: parts.capabilities,
    preflight: async () => judgeNode(await readNodeCondition(sysctl, nft)),
    openNetns: async (path) => openPodNetns(path, namespace.cookie),
    attach: async (spec, signal) => {
      const dataPath = dataPathFor(parts, spec);
      return activity.during(spec.key, () => dataPath.attach(spec, signal));
    },
    detach: (key, addresses = []) => activity.during(key, () => detachEverywhere(parts, key, addresses)),
    inspect: async (spec, facts) => dataPathFor(parts, spec).inspect(spec, facts),
    attachments: () => findAttachments(parts),
    addressesInUse: (within) => addressesInUse(within, namespace.cookie),
    converge: (desired, signal) => {
      const attach: DataPath["attach"] = async (spec, cancel) => dataPathFor(parts, spec).attach(spec, cancel);
      return convergeNode({ netlink, sysctl, table, numbers, activity, attach }, desired, signal);
    },
    interfaces: async () => hostInterfaces(await netlink.links(), await netlink.addrs()),
    events: (signal) => hostEvents({ namespace, netlink, table }, signal),
    close: () => {
      netlink.close();
      namespace.close();
    },
  };
}

function openParts({ hostNetnsPath, numbers: changed }: LinuxHostOptions): HostParts {
  const numbers = checkKernelNumbers({ ...defaultKernelNumbers, ...changed });
  const namespace = openHostNamespace(hostNetnsPath);
  const netlink = netlinkOver(namespace.openSocket);
  const hasIpv6 = existsSync("/proc/sys/net/ipv6");
  const host: DataPathHost = { netlink, numbers, hasIpv6, openPod: openPodNamespace };
  const dataPaths = [createVethDataPath(host)];
  return {
    namespace,
    netlink,
    numbers,
    dataPaths,
    activity: createAttachmentActivity(),
    capabilities: { datapaths: dataPaths.map(({ name }) => name), families: hasIpv6 ? families : [4] },
  };
}

function openPodNetns(path: string, hostCookie: string): NetnsRef {
  const netns = openNetns(path);
  try {
    const cookie = netnsCookie(netns);
    if (cookie === hostCookie) throw invalidNetns(path, "is the host's own");
    return { path, cookie };
  } finally {
    netns.close();
  }
}

function dataPathFor({ dataPaths, capabilities }: HostParts, spec: AttachmentSpec): DataPath {
  const dataPath = dataPaths.find(({ name }) => name === spec.datapath);
  if (dataPath === undefined) throw notSupported(`data path ${spec.datapath}`, capabilities.datapaths.join(", "));
  for (const { address } of spec.addresses) {
    const family = familyOf(address);
    if (!capabilities.families.includes(family)) throw notSupported(`IPv${family}`, "this kernel has no IPv6");
  }
  return dataPath;
}

function notSupported(what: string, details: string): PodwireError {
  return new PodwireError("NOT_SUPPORTED", `${what} is not supported on this host`, { details });
}

/** By every data path: the key does not say which one made it. */
async function detachEverywhere(parts: HostParts, key: AttachmentKey, addresses: readonly Address[]): Promise<void> {
  const found = await Promise.all(parts.dataPaths.map((dataPath) => dataPath.detach(key)));
  if (!found.includes(true) && addresses.length > 0) await deleteStrayRoutes(parts, addresses);
}

/** Routes of ours to the addresses that no attachment's link carries; routes on a link went with it. */
async function deleteStrayRoutes(parts: HostParts, addresses: readonly Address[]): Promise<void> {
  const [links, routes] = await Promise.all([parts.netlink.links(), podRoutes(parts)]);
  const carried = new Set(links.filter((link) => attachmentOfLink(link) !== undefined).map(({ index }) => index));
  const wanted = new Set<string>(addresses.map(hostCidr));
  const stray = routes.filter(
    ({ destination, ifIndex, type }) =>
      type === "unicast" && wanted.has(destination) && (ifIndex === undefined || !carried.has(ifIndex)),
  );
  await parts.netlink.apply(stray.map(deleteRoute));
}

async function findAttachments(parts: HostParts): Promise<readonly FoundAttachment[]> {
  const [links, routes] = await Promise.all([parts.netlink.links(), podRoutes(parts)]);
  return links.flatMap((link) => {
    const key = attachmentOfLink(link);
    if (key === undefined) return [];
    const own = routes.filter(({ ifIndex }) => ifIndex === link.index);
    return [{ key, hostIfName: link.name, addresses: own.map(({ destination }) => networkAddress(destination)) }];
  });
}

async function podRoutes({ netlink, numbers }: HostParts): Promise<readonly Route[]> {
  const filter = { table: numbers.podTable, protocol: numbers.protocol };
  return (await Promise.all(families.map((family) => netlink.routes({ family, ...filter })))).flat();
}
