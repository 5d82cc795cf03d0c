import { z } from "zod";
import { tryParseAddress } from "../address/address.ts";
import { PodwireError, quoteValue } from "../errors/podwire-error.ts";
import { describeIssue } from "../errors/schema-issue.ts";
import { fromVersion } from "./convert.ts";
import type { CniResult } from "./result.ts";
import type { ResultDocument } from "./result-document.ts";
import { type CniVersion, compareVersions } from "./versions.ts";

/**
 * A prevResult in the version of its network configuration, in the newest version. Only checked, never rebuilt: unknown
 * fields of other plugins survive (CNI specification 1.1.0, section 2, ADD).
 * @throws DECODING_FAILURE it is malformed, or says another version than the configuration
 */
export function parsePrevResult(value: unknown, version: CniVersion): CniResult {
  const parsed = schemaOf(version).safeParse(value);
  const issue = parsed.error?.issues[0];
  if (issue !== undefined) {
    const problem = describeIssue(
      { ...issue, path: ["prevResult", ...issue.path] },
      { prevResult: value },
      "prevResult",
    );
    throw new PodwireError("DECODING_FAILURE", problem.text, problem);
  }
  const document = value as ResultDocument;
  const stated: unknown = document.cniVersion ?? version;
  if (stated !== version) {
    const text = quoteValue(stated);
    throw new PodwireError("DECODING_FAILURE", `prevResult.cniVersion ${text} differs from cniVersion "${version}"`, {
      field: "prevResult.cniVersion",
      value: text,
    });
  }
  return fromVersion(document, version);
}

/**
 * What ADD answers in a chain: everything earlier plugins made, then ours. Our addresses still point at our interfaces.
 * A `dns` field that the configuration sets replaces the same field of earlier plugins.
 */
export function appendResult(prevResult: CniResult | undefined, ours: CniResult): CniResult {
  if (prevResult === undefined) return ours;
  const offset = prevResult.interfaces?.length ?? 0;
  const ips = (ours.ips ?? []).map((ip) =>
    ip.interface === undefined ? ip : { ...ip, interface: ip.interface + offset },
  );
  const dns = { ...prevResult.dns, ...ours.dns };
  return {
    ...prevResult,
    ...ours,
    interfaces: [...(prevResult.interfaces ?? []), ...(ours.interfaces ?? [])],
    ips: [...(prevResult.ips ?? []), ...ips],
    routes: [...(prevResult.routes ?? []), ...(ours.routes ?? [])],
    ...(Object.keys(dns).length === 0 ? {} : { dns }),
  };
}

/** Go's types leave null and "" for what is not there; both are accepted where Go accepts them. */
const text = z.string().nullish();
const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).nullish();
const address = text.refine((value) => !value || tryParseAddress(value) !== undefined, "expected an IP address");
const prefix = z.string().refine(isInterfacePrefix, "expected an IP address with its prefix length");

const route = z.looseObject({ dst: prefix, gw: address });
const dns = z.looseObject({
  nameservers: listOf(z.string()),
  domain: text,
  search: listOf(z.string()),
  options: listOf(z.string()),
});
const link = z.looseObject({ name: z.string(), mac: text, sandbox: text });
const ip = z.looseObject({ address: prefix, gateway: address, interface: z.int().nullish() });
const block01 = z.looseObject({ ip: prefix, gateway: address, routes: listOf(route) });

const schema01 = z.looseObject({ ip4: block01.nullish(), ip6: block01.nullish(), dns: dns.nullish() });
const schema10 = z.looseObject({
  interfaces: listOf(link),
  ips: listOf(ip),
  routes: listOf(route),
  dns: dns.nullish(),
});
const schema03 = schema10.extend({ ips: listOf(ip.extend({ version: z.enum(["4", "6"]) })) });

function schemaOf(version: CniVersion): z.ZodType {
  if (compareVersions(version, "0.3.0") < 0) return schema01;
  return compareVersions(version, "1.0.0") < 0 ? schema03 : schema10;
}

/** `10.0.0.7/24`: other than a Cidr it may have host bits. */
function isInterfacePrefix(value: string): boolean {
  const [host = "", length = "", ...rest] = value.split("/");
  const parsed = tryParseAddress(host);
  if (parsed === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return false;
  return Number(length) <= (parsed.includes(":") ? 128 : 32);
}
