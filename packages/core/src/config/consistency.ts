/** The part of the configuration whose keys depend on each other. */
interface Interdependent {
  readonly families: readonly number[];
  readonly pools: Readonly<Record<string, PoolTargets>>;
  readonly networks: Readonly<Record<string, string>>;
  readonly metrics: { readonly listen?: string | undefined };
}

interface PoolTargets {
  readonly warm: number;
  readonly minimum: number;
  readonly maximum?: number | undefined;
}

interface Contradiction {
  readonly path: (string | number)[];
  /** What is expected of the value at `path`. */
  readonly message: string;
}

/** What the types of single keys cannot say. */
export function checkConsistency(config: Interdependent): readonly Contradiction[] {
  return [
    ...checkFamilies(config.families),
    ...checkPools(config.pools),
    ...checkNetworks(config),
    ...checkPort(config.metrics.listen),
  ];
}

function checkFamilies(families: readonly number[]): Contradiction[] {
  return new Set(families).size === families.length
    ? []
    : [{ path: ["families"], message: "expected each family once" }];
}

function checkPools(pools: Readonly<Record<string, PoolTargets>>): Contradiction[] {
  const absent = Object.hasOwn(pools, "default") ? [] : [{ path: ["pools", "default"], message: "expected a pool" }];
  const tooSmall = Object.entries(pools).flatMap(([name, pool]) => checkTargets(["pools", name], pool));
  return [...absent, ...tooSmall];
}

function checkTargets(path: readonly string[], pool: PoolTargets): Contradiction[] {
  const { maximum } = pool;
  if (maximum === undefined) return [];
  return (["warm", "minimum"] as const)
    .filter((target) => pool[target] > maximum)
    .map((target) => ({ path: [...path, target], message: `expected at most maximum (${maximum})` }));
}

function checkNetworks({ networks, pools }: Interdependent): Contradiction[] {
  return Object.entries(networks)
    .filter(([, pool]) => !Object.hasOwn(pools, pool))
    .map(([network]) => ({ path: ["networks", network], message: `expected one of ${Object.keys(pools).join(", ")}` }));
}

function checkPort(listen: string | undefined): Contradiction[] {
  const port = Number(listen?.slice(listen.lastIndexOf(":") + 1) ?? 1);
  return port >= 1 && port <= 65_535 ? [] : [{ path: ["metrics", "listen"], message: "expected a port of 1 to 65535" }];
}
