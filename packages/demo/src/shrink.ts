import { eventually } from "./eventually.ts";
import { formatMs } from "./journal.ts";
import { type DemoNode, describeHolding, type Holding, holdingOf, targetOf } from "./node.ts";
import type { Cast, Stage } from "./stage.ts";

const shrinkTimeoutMs = 20_000;

/**
 * Without pods each node gives back to EC2 what is more than its pool is to hold, and interfaces that hold nothing.
 * @returns what is left
 */
export async function shrink(stage: Stage, cast: Cast): Promise<readonly Holding[]> {
  return Promise.all(cast.nodes.map((node) => shrinkNode(stage, cast, node)));
}

async function shrinkNode({ journal }: Stage, { vpc }: Cast, node: DemoNode): Promise<Holding> {
  const startedMs = performance.now();
  const before = holdingOf(vpc, node);
  const target = targetOf(node, 0);
  const isSmall = ({ addresses, idleInterfaces }: Holding) => addresses === target && idleInterfaces === 0;
  const ask = async () => holdingOf(vpc, node);
  const left = await eventually(ask, (held) => isSmall(held) || !node.podwired.running(), shrinkTimeoutMs);
  const seen = `${describeHolding(before)}, then ${describeHolding(left)} after ${formatMs(performance.now() - startedMs)}`;
  journal.check(`${node.name} gives back all but its target of ${target}, and idle interfaces`, isSmall(left), seen);
  return left;
}
