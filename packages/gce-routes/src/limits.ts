import type { Limits } from "@podwire/core";

/**
 * Alias ranges that one interface holds, of any size and of all ranges together, those of others too.
 * https://cloud.google.com/vpc/docs/quota#per_instance
 */
const aliasRangesPerInterface = 150;

/**
 * Interfaces of an instance are chosen when it is made, so podwire has the one that every instance has. Alias ranges
 * are IPv4; which instance type it is makes no difference.
 */
export const instanceLimits: Limits = {
  maxInterfaces: 1,
  blocksPerInterface: { 4: aliasRangesPerInterface, 6: 0 },
};
