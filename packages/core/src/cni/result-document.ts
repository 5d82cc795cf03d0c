import type { CniDns, CniInterface, CniIp, CniResult, CniRoute } from "./result.ts";
import type { CniVersion } from "./versions.ts";

/** Results as they stand in JSON, by generation of the specification. Unknown keys of other plugins may come along. */

/** 1.0.0 and 1.1.0. */
export interface ResultDocument10 extends CniResult {
  readonly cniVersion: CniVersion;
}

/** 0.3.0, 0.3.1 and 0.4.0. */
export interface ResultDocument03 {
  readonly cniVersion: CniVersion;
  readonly interfaces?: readonly CniInterface[];
  readonly ips?: readonly (CniIp & { readonly version: "4" | "6" })[];
  readonly routes: readonly CniRoute[];
  readonly dns: CniDns;
}

/** 0.1.0 and 0.2.0: at most one address a family, no interfaces. */
export interface ResultDocument01 {
  readonly cniVersion: CniVersion;
  readonly ip4?: IpBlock01;
  readonly ip6?: IpBlock01;
  readonly dns: CniDns;
}

export interface IpBlock01 {
  readonly ip: string;
  readonly gateway?: string;
  readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
}

export type ResultDocument = ResultDocument10 | ResultDocument03 | ResultDocument01;
