import { expect, test } from "vitest";
import { Ec2World } from "./ec2-world.ts";
import { outcomeOf } from "./node-world.ts";

const config = { pools: { default: { warm: 2 } } };

interface Obstacle {
  readonly what: string;
  readonly action: string;
  readonly code: string;
  readonly reason: string;
  readonly says: string;
}

const obstacles: readonly Obstacle[] = [
  {
    what: "the instance type is unknown to EC2",
    action: "DescribeInstanceTypes",
    code: "InvalidInstanceType",
    reason: "CLOUD_REJECTED",
    says: "InvalidInstanceType",
  },
  {
    what: "the instance types may not be described",
    action: "DescribeInstanceTypes",
    code: "UnauthorizedOperation",
    reason: "CLOUD_PERMISSION",
    says: "ec2:DescribeInstanceTypes",
  },
  {
    what: "the subnets may not be described",
    action: "DescribeSubnets",
    code: "UnauthorizedOperation",
    reason: "CLOUD_PERMISSION",
    says: "ec2:DescribeSubnets",
  },
];

test.each(obstacles)("when $what, STATUS and ADD say so, nothing is changed, and DEL works", async (row) => {
  const world = new Ec2World({ config });
  const { node } = world;
  const effect = { kind: "fail", code: row.code } as const;
  const end = node.faults.add({ action: row.action, when: "always", effect });
  await node.start();
  await node.clock.advance(5_000);
  const status = await node.agent.status({ network: "podnet" }, node.call()).catch((error) => error);
  expect(status).toMatchObject({ code: "NOT_READY", details: row.reason, message: expect.stringContaining(row.says) });
  const adding = outcomeOf(node.add(1));
  await node.clock.advance(29_000);
  expect(await adding).toBe(row.reason);
  await node.del(1);
  expect(Object.keys(world.aws.log.counts()).filter((action) => !action.startsWith("Describe"))).toEqual([]);
  end();
  await node.clock.advance(120_000);
  expect(await outcomeOf(node.add(2))).toBe("ok");
  await node.stop();
});

test("an instance type that EC2 does not list is named", async () => {
  const world = new Ec2World({
    config,
    identity: (real) => ({ self: async (signal) => ({ ...(await real.self(signal)), instanceType: "x9.none" }) }),
  });
  await world.node.start();
  await world.node.clock.advance(5_000);
  await expect(world.node.agent.status({ network: "podnet" }, world.node.call())).rejects.toMatchObject({
    code: "NOT_READY",
    message: expect.stringContaining("x9.none"),
  });
  await world.node.stop();
});

test("a first look that shows the node as it was 20 s ago makes nothing twice, and nothing is lost", async () => {
  const world = new Ec2World({ config, describeLagMs: 20_000 });
  const { node } = world;
  await node.boot();
  await Promise.all([node.add(1), node.add(2)]);
  await node.clock.advance(2_000);
  await node.kill();
  await node.clock.advance(120_000);
  expect(node.logged("cloud took blocks that pods use")).toBe(false);
  expect(world.blocks).toHaveLength(4);
  expect(world.blocks).toEqual(
    node.agent
      .report()
      .blocks.map(({ cidr }) => cidr)
      .sort(),
  );
  await node.stop();
});
