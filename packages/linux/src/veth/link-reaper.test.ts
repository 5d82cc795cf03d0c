import { PodwireError } from "@podwire/core";
import { expect, test } from "vitest";
import type { NetlinkRequest } from "../netlink/request.ts";
import { createLinkReaper } from "./link-reaper.ts";

const group = 77;

/** A kernel that answers one write at a time, when told to. */
function heldKernel(refuse: (request: NetlinkRequest) => boolean = () => false) {
  const writes: string[][] = [];
  const pending: (() => void)[] = [];
  const apply = async (requests: readonly NetlinkRequest[]) => {
    writes.push(requests.map(({ description }) => description));
    await new Promise<void>((resolve) => pending.push(resolve));
    const refused = requests.find(refuse);
    if (refused !== undefined) throw new PodwireError("KERNEL_REFUSED", `refused ${refused.description}`);
  };
  const answerAll = async () => {
    for (let quiet = 0; quiet < 3; quiet++) {
      if (pending.length > 0) quiet = 0;
      pending.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { netlink: { apply }, writes, answerAll };
}

test("the first goes at once, those that come meanwhile go together", async () => {
  const { netlink, writes, answerAll } = heldKernel();
  const reaper = createLinkReaper(netlink, group);
  const deaths = [1, 2, 3].map((index) => reaper.delete(index));
  await answerAll();
  await Promise.all(deaths);
  expect(writes).toEqual([
    ["link del index 1"],
    ["link set index 2 group 77", "link set index 3 group 77", "link del group 77"],
  ]);
});

test("one that cannot be deleted fails alone", async () => {
  const { netlink, answerAll } = heldKernel(
    ({ description }) => description === "link del group 77" || description === "link del index 3",
  );
  const reaper = createLinkReaper(netlink, group);
  const deaths = [1, 2, 3, 4].map((index) => reaper.delete(index));
  const settled = Promise.allSettled(deaths);
  await answerAll();
  expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
});

test("after everything is gone the next one goes at once again", async () => {
  const { netlink, writes, answerAll } = heldKernel();
  const reaper = createLinkReaper(netlink, group);
  for (const index of [1, 2]) {
    const death = reaper.delete(index);
    await answerAll();
    await death;
  }
  expect(writes).toEqual([["link del index 1"], ["link del index 2"]]);
});
