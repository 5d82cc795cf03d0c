import { deleteLink, deleteLinkGroup, setLink } from "../netlink/link.ts";
import type { Netlink } from "../netlink/netlink.ts";

/** Deletes links; resolves when the link is gone, rejects with the kernel's reason when it stays. */
export interface LinkReaper {
  delete(ifIndex: number): Promise<void>;
}

interface Death {
  readonly ifIndex: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Deleting a veth waits about 20 ms for the kernel's grace period, however many die in one request. So those that
 * arrive while a deletion is under way wait for its end and then go together: put into a group, deleted by group, one
 * write.
 */
export function createLinkReaper(netlink: Pick<Netlink, "apply">, group: number): LinkReaper {
  let waiting: Death[] = [];
  let running = false;
  const run = async () => {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await deleteTogether(netlink, batch, group);
    }
    running = false;
  };
  return {
    delete: (ifIndex) =>
      new Promise((resolve, reject) => {
        waiting.push({ ifIndex, resolve, reject });
        if (!running) void run();
      }),
  };
}

async function deleteTogether(netlink: Pick<Netlink, "apply">, batch: readonly Death[], group: number): Promise<void> {
  if (batch.length === 1) return deleteEach(netlink, batch);
  const park = batch.map(({ ifIndex }) => ({ ...setLink(ifIndex, { group }), tolerated: ["ENODEV"] }));
  try {
    await netlink.apply([...park, deleteLinkGroup(group)]);
    for (const { resolve } of batch) resolve();
  } catch {
    // One link that cannot be deleted keeps the whole group alive; alone, each gets its own answer.
    await deleteEach(netlink, batch);
  }
}

async function deleteEach(netlink: Pick<Netlink, "apply">, batch: readonly Death[]): Promise<void> {
  for (const { ifIndex, resolve, reject } of batch) {
    await netlink.apply([deleteLink(ifIndex)]).then(resolve, reject);
  }
}
