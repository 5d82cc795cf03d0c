import { PodwireError } from "../errors/podwire-error.ts";
import type { CniInterface, CniIp, CniResult, CniRoute } from "./result.ts";
import type { IpBlock01, ResultDocument, ResultDocument01, ResultDocument03 } from "./result-document.ts";
import { type CniVersion, compareVersions } from "./versions.ts";

/**
 * A result as the specification of `version` writes it. Loses what the version cannot say, exactly as libcni does:
 * - 1.0.0 nothing (libcni's types are shared with 1.1.0, so new fields stay);
 * - 0.3.0 to 0.4.0 `mtu`, `socketPath` and `pciID` of interfaces (routes keep all their fields);
 * - 0.1.0 and 0.2.0 interfaces, all addresses but the first of each family, routes of a family without address, all of
 *   a route but `dst` and `gw`.
 *
 * Unknown keys survive: they are another plugin's.
 * @throws INCOMPATIBLE_CNI_VERSION the version cannot express a result without addresses
 */
export function toVersion(result: CniResult, version: CniVersion): ResultDocument {
  if (compareVersions(version, "0.3.0") < 0) return toVersion01(result, version);
  if (compareVersions(version, "1.0.0") < 0) return toVersion03(result, version);
  return { cniVersion: version, ...compact(result) };
}

/** The other way round; the document must be one of `version` (`parsePrevResult` sees to that). */
export function fromVersion(document: ResultDocument, version: CniVersion): CniResult {
  const { cniVersion: _, ...result } = document;
  if (compareVersions(version, "0.3.0") < 0) return fromVersion01(result as Omit<ResultDocument01, "cniVersion">);
  if (compareVersions(version, "1.0.0") < 0) return fromVersion03(result as Omit<ResultDocument03, "cniVersion">);
  return compact(result as CniResult);
}

function toVersion03(result: CniResult, version: CniVersion): ResultDocument03 {
  const { interfaces, ips, routes, dns, ...foreign } = compact(result);
  return {
    cniVersion: version,
    ...(interfaces === undefined ? {} : { interfaces: interfaces.map(toInterface03) }),
    ...(ips === undefined ? {} : { ips: ips.map((ip) => ({ version: ipVersion(ip.address), ...ip })) }),
    routes: routes ?? [],
    dns: dns ?? {},
    ...foreign,
  };
}

function toInterface03(link: CniInterface): CniInterface {
  const { mtu: _, socketPath: __, pciID: ___, ...rest } = link;
  return rest;
}

function toVersion01(result: CniResult, version: CniVersion): ResultDocument01 {
  const { interfaces: _, ips = [], routes = [], dns, ...foreign } = compact(result);
  const ip4 = ipBlock("4", ips, routes);
  const ip6 = ipBlock("6", ips, routes);
  if (ip4 === undefined && ip6 === undefined) {
    throw new PodwireError("INCOMPATIBLE_CNI_VERSION", `a result without addresses cannot be written in ${version}`);
  }
  return {
    cniVersion: version,
    ...(ip4 === undefined ? {} : { ip4 }),
    ...(ip6 === undefined ? {} : { ip6 }),
    dns: dns ?? {},
    ...foreign,
  };
}

function ipBlock(family: "4" | "6", ips: readonly CniIp[], routes: readonly CniRoute[]): IpBlock01 | undefined {
  const first = ips.find((ip) => ipVersion(ip.address) === family);
  if (first === undefined) return undefined;
  const own = routes.filter((route) => ipVersion(route.dst) === family);
  return {
    ip: first.address,
    ...(first.gateway === undefined ? {} : { gateway: first.gateway }),
    ...(own.length === 0 ? {} : { routes: own.map(toRoute01) }),
  };
}

function toRoute01(route: CniRoute): CniRoute {
  return { dst: route.dst, ...(route.gw === undefined ? {} : { gw: route.gw }) };
}

function fromVersion03(document: Omit<ResultDocument03, "cniVersion">): CniResult {
  const { ips, ...rest } = document;
  return compact({ ...rest, ...(ips ? { ips: ips.map(({ version: _, ...ip }) => ip) } : {}) });
}

function fromVersion01(document: Omit<ResultDocument01, "cniVersion">): CniResult {
  const { ip4, ip6, ...rest } = document;
  const blocks = [ip4, ip6].filter((block) => block !== undefined && block !== null);
  return compact({
    ...rest,
    ips: blocks.map(({ ip, routes: _, ...block }) => ({ address: ip, ...block })),
    routes: blocks.flatMap((block) => block.routes ?? []),
  });
}

/** Without what says nothing: absent, null, empty lists, an empty `dns`. Keys in the specification's order. */
function compact(result: CniResult): CniResult {
  const { interfaces, ips, routes, dns, ...foreign } = result;
  return {
    ...(interfaces?.length ? { interfaces } : {}),
    ...(ips?.length ? { ips } : {}),
    ...(routes?.length ? { routes } : {}),
    ...(Object.values(dns ?? {}).some((value) => value?.length) ? { dns } : {}),
    ...foreign,
  } as CniResult;
}

function ipVersion(address: string): "4" | "6" {
  return address.includes(":") ? "6" : "4";
}
