import { createHash } from "node:crypto";
import { type Cidr, tryParseCidr } from "@podwire/core";

/**
 * The names of what podwire makes inside a document: configurations and routes have neither tags nor descriptions, so
 * the whole name, with the cluster in it, says whose they are. Never a prefix: that of `a` would take what is of `a-b`.
 */
export interface OwnedNames {
  /** The same token gives the same names: sent twice, it is there once. */
  configuration(token: string, index: number): string;
  ownsConfiguration(name: string): boolean;
  route(cidr: Cidr): string;
  ownsRoute(name: string, addressPrefix: string): boolean;
}

export function createOwnedNames(cluster: string): OwnedNames {
  const mark = `podwire.${clusterMark(cluster)}.`;
  const route = (cidr: Cidr) => `${mark}${cidr.replaceAll(/[/:]/g, "-")}`;
  return {
    configuration: (token, index) => `${mark}${digest(token)}-${index}`,
    ownsConfiguration: (name) => name.startsWith(mark) && /^[0-9a-f]{16}-\d+$/.test(name.slice(mark.length)),
    route,
    // Exact: the CIDR that the name tells is the one that the route has.
    ownsRoute: (name, addressPrefix) => {
      const cidr = tryParseCidr(addressPrefix);
      return cidr !== undefined && name === route(cidr);
    },
  };
}

/** Names have at most 80 characters, and letters, digits and `_.-` alone. No dot inside: it ends the mark. */
function clusterMark(cluster: string): string {
  return /^[0-9A-Za-z_-]{1,32}$/.test(cluster) ? cluster : digest(cluster);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
