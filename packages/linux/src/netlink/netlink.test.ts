import { PodwireError } from "@podwire/core";
import { describe, expect, test } from "vitest";
import { messageType } from "./constants.ts";
import { deleteLink, setLink } from "./link.ts";
import type { NetlinkMessage } from "./message.ts";
import { netlinkOver } from "./netlink.ts";
import type { NetlinkSocket } from "./socket.ts";

/** Sockets that answer as told, and count themselves. */
function scriptedSockets(script: Partial<Pick<NetlinkSocket, "send" | "dump">>) {
  const state = { opened: 0, closed: 0 };
  const open = (): NetlinkSocket => {
    state.opened++;
    return {
      fd: state.opened,
      send:
        script.send ?? (async (requests) => requests.map(() => ({ errno: undefined, text: undefined, messages: [] }))),
      dump: script.dump ?? (async () => []),
      close: () => void state.closed++,
    };
  };
  return { open, state };
}

const lo: NetlinkMessage = { type: messageType.newLink, flags: 0, sequence: 1, body: setLink("lo", {}).body };

describe("a dump", () => {
  test("is asked for again until no change came between", async () => {
    const answers = [undefined, undefined, [lo]];
    const { open } = scriptedSockets({ dump: async () => answers.shift() });
    expect((await netlinkOver(open).links()).map(({ name }) => name)).toEqual(["lo"]);
  });

  test("that is always interrupted is an error, not an endless loop", async () => {
    const { open } = scriptedSockets({ dump: async () => undefined });
    await expect(netlinkOver(open).links()).rejects.toMatchObject({
      code: "KERNEL_REFUSED",
      details: "NLM_F_DUMP_INTR",
    });
  });
});

describe("requests", () => {
  test("beyond the longest batch travel in several writes, answers in order", async () => {
    const sizes: number[] = [];
    const { open } = scriptedSockets({
      send: async (requests) => {
        sizes.push(requests.length);
        return requests.map(({ description }) => ({ errno: undefined, text: description, messages: [] }));
      },
    });
    const answers = await netlinkOver(open).send(Array.from({ length: 600 }, (_, i) => deleteLink(i)));
    expect(sizes).toEqual([256, 256, 88]);
    expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 600 }, (_, i) => `link del index ${i}`));
  });

  test("tell the first refusal, and not one that is tolerated", async () => {
    const errnos = ["ENODEV", "EPERM", "EBUSY"];
    const { open } = scriptedSockets({
      send: async (requests) => requests.map((_, i) => ({ errno: errnos[i], text: "because", messages: [] })),
    });
    const refused = netlinkOver(open).apply([deleteLink(1), deleteLink(2), deleteLink(3)]);
    await expect(refused).rejects.toMatchObject({ op: "ip link del index 2", details: "EPERM: because" });
  });
});

describe("sockets", () => {
  test("are used again, no more than allowed side by side", async () => {
    const { open, state } = scriptedSockets({});
    const netlink = netlinkOver(open, 2);
    await Promise.all(Array.from({ length: 20 }, () => netlink.apply([deleteLink(1)])));
    expect(state).toEqual({ opened: 2, closed: 0 });
    netlink.close();
    expect(state).toEqual({ opened: 2, closed: 2 });
  });

  test("after a failure are not used again: late answers may be on them", async () => {
    let fail = true;
    const { open, state } = scriptedSockets({
      dump: async () => {
        if (!fail) return [];
        fail = false;
        throw new PodwireError("KERNEL_REFUSED", "netlink read failed (EAGAIN)");
      },
    });
    const netlink = netlinkOver(open, 1);
    await expect(netlink.links()).rejects.toThrow("EAGAIN");
    expect(await netlink.links()).toEqual([]);
    expect(state).toEqual({ opened: 2, closed: 1 });
  });

  test("close when the conversation that uses them is over, then what they stood on", async () => {
    let answer = (_: NetlinkMessage[]) => {};
    const { open, state } = scriptedSockets({
      dump: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    let ended = false;
    const netlink = netlinkOver(open, 1, () => {
      ended = true;
    });
    const links = netlink.links();
    netlink.close();
    expect([state.closed, ended]).toEqual([0, false]);
    answer([lo]);
    expect(await links).toHaveLength(1);
    expect([state.closed, ended]).toEqual([1, true]);
    await expect(netlink.links()).rejects.toThrow("closed");
  });
});
