import type { ErrorCode } from "../errors/codes.ts";
import { PodwireError } from "../errors/podwire-error.ts";
import { planPool } from "./plan-pool.ts";
import { type PoolSituation, roomOf } from "./situation.ts";

/** Why a pool cannot serve an ADD now, as the error that the ADD fails with when its deadline comes. */
export function explainShortage(
  situation: PoolSituation,
  context: { readonly pool: string; readonly nowMs: number; readonly cloudFailure: PodwireError | undefined },
): PodwireError {
  const { counts, targets } = situation;
  const held = `${counts.allocated} in use, ${counts.cooling} cooling down, ${counts.incoming} on their way`;
  const fail = (code: ErrorCode, reason: string) =>
    new PodwireError(code, `pool ${context.pool} has no free IPv${situation.family} address: ${reason}`, {
      details: held,
      ...(context.cloudFailure === undefined ? {} : { cause: context.cloudFailure }),
    });
  if (context.cloudFailure !== undefined) return fail(context.cloudFailure.code, context.cloudFailure.message);
  if (counts.incoming > 0) return fail("POOL_GROWING", "more are being assigned");
  if (planPool({ ...situation, waiters: situation.waiters + 1 }, context.nowMs).length > 0) {
    return fail("POOL_GROWING", "more are about to be asked for");
  }
  if (counts.cooling > 0) return fail("POOL_GROWING", "the free ones are still cooling down");
  if (targets.maximum !== undefined && roomOf(situation) <= 0) {
    return fail("POOL_EXHAUSTED", `its maximum is ${targets.maximum}`);
  }
  if (situation.subnets.length === 0) {
    return fail("CLOUD_NOT_FOUND", `no subnet of the node's zone that has IPv${situation.family} is meant for it`);
  }
  if (situation.subnets.every((subnet) => subnet.exhausted)) {
    return fail(
      "SUBNET_EXHAUSTED",
      `no subnet has a free address (${situation.subnets.map(({ id }) => id).join(", ")})`,
    );
  }
  if (situation.interfaces.some(({ busySinceMs, growthRests }) => busySinceMs !== undefined || growthRests)) {
    return fail("POOL_GROWING", "the interfaces are being changed");
  }
  return fail("INTERFACE_LIMIT", "every interface holds as many as the instance type allows");
}
