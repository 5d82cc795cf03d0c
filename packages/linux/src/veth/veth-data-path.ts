import type { DataPath, DataPathHost } from "../data-path.ts";
import { attachVeth } from "./attach.ts";
import { isHostEnd, linkIdentity } from "./attachment-link.ts";
import { inspectVeth } from "./inspect.ts";
import { createLinkReaper } from "./link-reaper.ts";

/** A veth pair a pod, routed at layer 3; every other part of the node's network is the same for all pods. */
export function createVethDataPath(host: DataPathHost): DataPath {
  const reaper = createLinkReaper(host.netlink, host.numbers.deletionGroup);
  return {
    name: "veth",
    attach: (spec, signal) => attachVeth({ ...host, reaper }, spec, signal),
    inspect: (spec, facts) => inspectVeth(host, spec, facts),
    detach: async (key) => {
      const link = await host.netlink.link(linkIdentity(key).hostIfName);
      if (link === undefined || !isHostEnd(link, key)) return false;
      await reaper.delete(link.index);
      return true;
    },
  };
}
