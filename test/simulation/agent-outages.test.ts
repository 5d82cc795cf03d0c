import { expect, test } from "vitest";
import { Ec2World } from "./ec2-world.ts";
import { outcomeOf } from "./node-world.ts";

const outageMs = 60_000;
const config = { pools: { default: { warm: 2, cooldownMs: 30_000, releaseHoldMs: 180_000 } } };

interface Outage {
  readonly what: string;
  /** Returns what ends it. */
  readonly begin: (world: Ec2World) => () => void;
  /** What an ADD that the pool cannot serve fails with. */
  readonly reason: string;
  /** In what STATUS says. */
  readonly says: string;
}

const refusing =
  (code: string, more: object = {}) =>
  ({ node }: Ec2World) =>
    node.faults.add({ action: "*", when: "always", effect: { kind: "fail", code, ...more } });

const outages: readonly Outage[] = [
  {
    what: "cannot be reached",
    begin: (world) => {
      world.cut = true;
      return () => {
        world.cut = false;
      };
    },
    reason: "CLOUD_UNREACHABLE",
    says: "EC2 could not be reached",
  },
  {
    what: "throttles",
    begin: refusing("RequestLimitExceeded"),
    reason: "CLOUD_THROTTLED",
    says: "RequestLimitExceeded",
  },
  {
    what: "throttles, and says for how long",
    begin: refusing("RequestLimitExceeded", { retryAfterMs: 7_000 }),
    reason: "CLOUD_THROTTLED",
    says: "RequestLimitExceeded",
  },
  { what: "answers 500", begin: refusing("InternalError"), reason: "CLOUD_OUTCOME_UNKNOWN", says: "InternalError" },
  {
    what: "does what it is asked and answers with a proxy's 503",
    begin: ({ node }) =>
      node.faults.add({ action: "*", when: "always", effect: { kind: "lose-answer", how: "html-503" } }),
    reason: "CLOUD_OUTCOME_UNKNOWN",
    says: "HTTP 503",
  },
  {
    what: "takes longer than a call may",
    begin: ({ node }) =>
      node.faults.add({ action: "*", when: "always", effect: { kind: "delay", delayMs: 90_000, when: "after" } }),
    reason: "POOL_GROWING",
    says: "",
  },
  {
    what: "takes the credentials for expired",
    begin: refusing("RequestExpired"),
    reason: "CLOUD_CREDENTIALS",
    says: "RequestExpired",
  },
  {
    what: "allows nothing that changes anything",
    begin: ({ node }) => {
      const denied = ["AssignPrivateIpAddresses", "CreateNetworkInterface"];
      const effect = { kind: "fail", code: "UnauthorizedOperation" } as const;
      const ends = denied.map((action) => node.faults.add({ action, when: "always", effect }));
      return () => {
        for (const end of ends) end();
      };
    },
    reason: "CLOUD_PERMISSION",
    says: "do not allow ec2:",
  },
  {
    what: "has no free address in the subnet",
    begin: ({ aws, subnetId }) => aws.model.occupy(subnetId, 0),
    reason: "SUBNET_EXHAUSTED",
    says: "InsufficientFreeAddressesInSubnet",
  },
];

test.each(outages)(
  "while EC2 $what: the pool serves what it has, the rest is told why, and it recovers",
  async (row) => {
    const world = new Ec2World({ config });
    const { node } = world;
    await node.boot();
    await node.clock.advance(5_000);
    const end = row.begin(world);
    const beganMs = node.clock.bootMs();

    // Served at once: the clock stands still.
    await Promise.all([node.add(1), node.add(2)]);
    let waited: string | undefined;
    const waiting = outcomeOf(node.add(3)).then((outcome) => {
      waited = outcome;
    });
    await node.clock.advance(28_999);
    expect(waited).toBeUndefined();
    const refused = node.agent.status({ network: "podnet" }, node.call()).catch((error) => error);
    if (row.says !== "") {
      const { code, message, details } = await refused;
      expect(code).toBe("NOT_READY");
      expect(`${message} ${details}`).toContain(row.says);
      expect(node.agent.report().problems).toContainEqual(expect.objectContaining({ code: row.reason }));
    }
    await node.clock.advance(1);
    await waiting;
    expect(waited).toBe(row.reason);
    await node.del(1);
    await node.clock.advance(beganMs + outageMs - node.clock.bootMs());
    const callsInOutage = world.aws.log.calls.filter(({ atMs }) => atMs >= beganMs).length;
    expect(callsInOutage).toBeLessThan(40);
    end();

    await node.clock.advance(120_000);
    expect(node.agent.report()).toMatchObject({ ready: true, problems: [], operations: [] });
    expect(node.agent.report().pools[0]).toMatchObject({ waiters: 0, addresses: { allocated: 1 } });
    expect(world.blocks).toEqual(
      node.agent
        .report()
        .blocks.map(({ cidr }) => cidr)
        .sort(),
    );
    // The two from before, two that keep the pool warm, and one for the ADD that waited: nothing was asked for twice.
    expect(world.blocks.length).toBeLessThanOrEqual(5);
    await node.clock.advance(300_000);
    expect(world.blocks).toHaveLength(3);
    expect(world.interfaces.filter(({ deviceIndex }) => deviceIndex === undefined)).toEqual([]);
    await Promise.all([node.add(4), node.add(5)]);
    await node.stop();
  },
);
