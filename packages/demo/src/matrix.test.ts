import type { Reachability } from "@podwire/testkit";
import { describe, expect, it } from "vitest";
import { type Cell, type Place, renderMatrix, surprises, tryMatrix } from "./matrix.ts";

const timeout: Reachability = { reached: false, why: "timeout" };

/** Everybody is seen as himself, but for the outside: there a pod is seen as 10.0.0.10, and the peer is not at all. */
function place(name: string, address: string): Place {
  return {
    name,
    address,
    reach: async ({ address: target }) => {
      if (target !== outside.address) return { reached: true, seenAs: address, ms: 1 };
      return name === "peer" ? timeout : { reached: true, seenAs: "10.0.0.10", ms: 1 };
    },
  };
}

const outside = place("outside", "198.51.100.10");
const pod = place("pod", "10.0.0.4");
const peer = place("peer", "10.0.0.20");

const cells: readonly Cell[] = [
  { from: pod, to: peer, expected: { seenAs: pod.address } },
  { from: pod, to: outside, expected: { seenAs: "10.0.0.10" } },
  { from: peer, to: pod, expected: "blocked" },
  { from: peer, to: outside, expected: { seenAs: peer.address } },
];

describe("the reachability matrix", () => {
  it("tries every cell over both protocols and judges it by what was expected", async () => {
    const results = await tryMatrix(cells, { port: 1 });
    expect(results.map(({ from, to, protocol, held }) => [from.name, to.name, protocol, held])).toEqual([
      ["pod", "peer", "tcp", true],
      ["pod", "peer", "udp", true],
      ["pod", "outside", "tcp", true],
      ["pod", "outside", "udp", true],
      ["peer", "pod", "tcp", false],
      ["peer", "pod", "udp", false],
      ["peer", "outside", "tcp", false],
      ["peer", "outside", "udp", false],
    ]);
  });

  it("prints who was seen as whom, and marks what was not expected", async () => {
    expect(renderMatrix(await tryMatrix(cells, { port: 1 }))).toBe(
      [
        "from \\ to  address    pod            peer  outside",
        "---------  ---------  -------------  ----  -----------------",
        "pod        10.0.0.4   .              own   as 10.0.0.10",
        "peer       10.0.0.20  own (2 of 2!)  .     blocked (2 of 2!)",
      ].join("\n"),
    );
  });

  it("makes one row and one column of a group, and counts in a cell what went otherwise", async () => {
    const pods = ["10.0.0.4", "10.0.0.5"].map((address, index) => ({
      ...place(`pod-${index}`, address),
      group: "pods",
    }));
    const cells = pods.flatMap((from) => [
      ...pods.filter((to) => to !== from).map((to): Cell => ({ from, to, expected: { seenAs: "10.0.0.4" } })),
      { from, to: peer, expected: { seenAs: from.address } },
      { from: peer, to: from, expected: { seenAs: peer.address } },
    ]);
    expect(renderMatrix(await tryMatrix(cells, { port: 1 }))).toBe(
      [
        "from \\ to  address      pods           peer",
        "---------  -----------  -------------  ----",
        "pods       2 addresses  own (2 of 4!)  own",
        "peer       10.0.0.20    own            .",
      ].join("\n"),
    );
  });

  it("says of every surprise what was expected and what came", async () => {
    const lines = surprises(await tryMatrix(cells, { port: 1 }));
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe("peer -> pod over tcp: expected blocked, got reached, seen as 10.0.0.20");
    expect(lines[3]).toBe("peer -> outside over udp: expected reached, seen as 10.0.0.20, got blocked (timeout)");
  });

  it("does not take an answer to somebody else for the one expected", async () => {
    const [result] = await tryMatrix([{ from: pod, to: outside, expected: { seenAs: pod.address } }], { port: 1 });
    expect(result?.held).toBe(false);
  });
});
