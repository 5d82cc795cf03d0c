import type { NetworkInterface } from "./api.ts";
import type { ArmCall } from "./errors.ts";

/** Whether the document asks for blocks that ARM has not given yet: where it has none, single addresses would do. */
export function askedIn({ properties }: NetworkInterface): Pick<ArmCall, "asked"> {
  const asks = properties.ipConfigurations.some(
    (one) => one.properties.privateIPAddressPrefixLength !== undefined && one.properties.privateIPAddress === undefined,
  );
  return asks ? { asked: "prefixes" } : {};
}
