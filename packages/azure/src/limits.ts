import type { Limits } from "@podwire/core";
import { addressesPerInterface } from "./config.ts";

/**
 * The same on every size of machine. A block counts as one configuration (unverified on Azure itself); how many
 * interfaces a size may have plays no part, as podwire creates none.
 */
export const limits: Limits = {
  maxInterfaces: 1,
  blocksPerInterface: { 4: addressesPerInterface - 1, 6: 0 },
};
