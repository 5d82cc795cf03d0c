import type { Family } from "../address/address.ts";
import type { Config } from "../config/schema.ts";
import type { PoolTargets } from "../pool/plan-pool.ts";
import type { PoolIdentity } from "../pool/pool-counts.ts";

const defaultPool = "default";

/** The configuration, asked the way the pools ask. */
export interface NodeSettings {
  readonly config: Config;
  readonly pools: readonly string[];
  readonly families: readonly Family[];
  identityOf(pool: string): PoolIdentity;
  targetsOf(pool: string): PoolTargets;
  /** The pool that serves the CNI network. */
  poolOf(network: string): PoolIdentity;
}

export function createNodeSettings(config: Config): NodeSettings {
  // Names come from outside: `constructor` is a good one, and no key of ours.
  const own = <V>(map: Readonly<Record<string, V>>, name: string) => (Object.hasOwn(map, name) ? map[name] : undefined);
  const poolConfig = (name: string) => own(config.pools, name) ?? config.pools[defaultPool];
  const identityOf = (name: string) => ({ name, cooldownMs: poolConfig(name)?.cooldownMs ?? 0 });
  return {
    config,
    pools: Object.keys(config.pools),
    families: config.families,
    identityOf,
    targetsOf(name) {
      const { warm = 0, minimum = 0, maximum, releaseHoldMs = 0 } = poolConfig(name) ?? {};
      return { warm, minimum, maximum, releaseHoldMs };
    },
    poolOf: (network) => identityOf(own(config.networks, network) ?? defaultPool),
  };
}
