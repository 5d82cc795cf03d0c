import type { Family } from "../address/address.ts";
import { poolSchema } from "../config/pool-schema.ts";
import type { Config } from "../config/schema.ts";
import type { PoolIdentity } from "../pool/pool-counts.ts";
import type { PoolTargets } from "../pool/situation.ts";

const defaultPool = "default";

/** Where a pool's addresses come from. */
export interface PoolGrowth {
  readonly prefixes: boolean;
  readonly subnetTags: Readonly<Record<string, string>>;
  readonly securityGroupIds: readonly string[];
}

/** The configuration, asked the way the pools ask. */
export interface NodeSettings {
  readonly config: Config;
  readonly pools: readonly string[];
  readonly families: readonly Family[];
  identityOf(pool: string): PoolIdentity;
  targetsOf(pool: string): PoolTargets;
  growthOf(pool: string): PoolGrowth;
  /** The pool that an interface made for `name` belongs to; the default one where there is none of that name. */
  poolFor(name: string | undefined): string;
  /** The pool that serves the CNI network. */
  poolOf(network: string): PoolIdentity;
}

export function createNodeSettings(config: Config): NodeSettings {
  // Names come from outside: `constructor` is a good one, and no key of ours.
  const own = <V>(map: Readonly<Record<string, V>>, name: string) => (Object.hasOwn(map, name) ? map[name] : undefined);
  const poolConfig = (name: string) =>
    own(config.pools, name) ?? own(config.pools, defaultPool) ?? poolSchema.parse({});
  const identityOf = (name: string) => ({ name, cooldownMs: poolConfig(name).cooldownMs });
  return {
    config,
    pools: Object.keys(config.pools),
    families: config.families,
    identityOf,
    targetsOf(name) {
      const { warm, warmPrefixes, warmInterfaces, minimum, maximum, releaseHoldMs } = poolConfig(name);
      return { warm, warmPrefixes, warmInterfaces, minimum, maximum, releaseHoldMs };
    },
    growthOf: poolConfig,
    poolFor: (name) => (name !== undefined && Object.hasOwn(config.pools, name) ? name : defaultPool),
    poolOf: (network) => identityOf(own(config.networks, network) ?? defaultPool),
  };
}
