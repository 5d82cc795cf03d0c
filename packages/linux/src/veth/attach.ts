import {
  type AttachmentFacts,
  type AttachmentSpec,
  type CancelSignal,
  formatAttachmentKey,
  PodwireError,
} from "@podwire/core";
import type { PodNamespace } from "../namespace/pod-namespace.ts";
import { replaceAddr } from "../netlink/addr.ts";
import { applyWithRoutes } from "../netlink/ensure-routes.ts";
import { setLink } from "../netlink/link.ts";
import { replaceNeigh } from "../netlink/neigh.ts";
import { createSysctl } from "../sysctl/sysctl.ts";
import { attachmentAlias } from "./attachment-link.ts";
import { ensurePair, type VethHost, type VethPair } from "./veth-pair.ts";
import { familiesOf, hostObjects, podObjects, type SpecAndFacts, vethFacts } from "./veth-plan.ts";

/**
 * ADD by a veth pair. A call that made the pair takes it back on failure, and with it every address, route and
 * neighbour on it; one that found the pair leaves it: a running pod may be behind it.
 */
export async function attachVeth(host: VethHost, spec: AttachmentSpec, signal: CancelSignal): Promise<AttachmentFacts> {
  const attachment = { spec, facts: vethFacts(spec) };
  const alias = attachmentAlias(spec.key);
  stopIfCancelled(signal, spec);
  const pod = host.openPod(spec.netns);
  try {
    const pair = await ensurePair(host, pod, attachment);
    try {
      stopIfCancelled(signal, spec);
      // Side by side, for each waits for the kernel; and both to their end, for neither may work on what is taken back.
      const ends = [furnishHost(host, attachment, { ...pair, alias }), furnishPod(host, pod, { ...attachment, pair })];
      for (const end of await Promise.allSettled(ends)) if (end.status === "rejected") throw end.reason;
      stopIfCancelled(signal, spec);
      // Last, because it is the only change that does not go with the pair.
      await pod.netlink.apply([setLink("lo", { up: true })]);
    } catch (error) {
      // What went wrong first is what the caller should hear; what is left of the pair is removed by DEL.
      if (pair.created) await host.reaper.delete(pair.hostIndex).catch(() => {});
      throw error;
    }
    return attachment.facts;
  } finally {
    pod.close();
  }
}

async function furnishHost(
  { netlink, numbers, hasIpv6 }: VethHost,
  attachment: SpecAndFacts,
  { hostIndex, alias }: VethPair & { readonly alias: string },
): Promise<void> {
  const { routes, neighs } = hostObjects(attachment, hostIndex, numbers);
  const requests = [
    // The host's end needs no address: without a link-local one there is no duplicate address detection either.
    setLink(hostIndex, { alias, rpFilter: 1, noLinkLocal: hasIpv6 }),
    setLink(hostIndex, { up: true }),
    ...neighs.map(replaceNeigh),
  ];
  await applyWithRoutes(netlink, { requests, routes }, (found) => found.protocol === numbers.protocol);
}

async function furnishPod(
  { numbers }: VethHost,
  pod: PodNamespace,
  attachment: SpecAndFacts & { readonly pair: VethPair },
): Promise<void> {
  const { podIndex } = attachment.pair;
  const { addrs, routes, neighs } = podObjects(attachment, podIndex, numbers);
  if (familiesOf(attachment.spec).includes(6)) allowIpv6(pod, attachment.spec.key.ifName);
  const requests = [
    setLink(podIndex, { up: true }),
    ...addrs.map((addr) => replaceAddr(addr, { noDad: true })),
    ...neighs.map(replaceNeigh),
  ];
  await applyWithRoutes(
    pod.netlink,
    { requests, routes },
    ({ protocol, ifIndex }) => protocol === numbers.protocol && ifIndex === podIndex,
  );
}

/** Container runtimes make namespaces in which new links have no IPv6. */
function allowIpv6({ runInside }: PodNamespace, ifName: string): void {
  const setting = `net/ipv6/conf/${ifName}/disable_ipv6`;
  const sysctl = createSysctl(runInside);
  if (sysctl.read(setting) === "1") sysctl.write(setting, "0");
}

function stopIfCancelled(signal: CancelSignal, { key }: AttachmentSpec): void {
  if (!signal.aborted) return;
  const op = `attach ${formatAttachmentKey(key)}`;
  throw new PodwireError("CANCELLED", `${op} was cancelled`, { op, cause: signal.reason });
}
