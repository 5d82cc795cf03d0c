import { errorCodes } from "../errors/codes.ts";
import type { PodwireError } from "../errors/podwire-error.ts";

/** The error object of the CNI specification 1.1.0, section 5. It goes to standard output (not to standard error). */
export interface CniErrorResult {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/**
 * A PodwireError as the runtime reads it. Many of our codes share a number (11 most of all), so the details begin with
 * the symbolic one: `CODE; the error's own details; remedy: …`.
 * @param cniVersion that of the network configuration where it could be read, else the newest
 */
export function errorResult(error: PodwireError, cniVersion: string): CniErrorResult {
  const parts = [error.code, error.details, `remedy: ${errorCodes[error.code].remedy}`];
  return {
    cniVersion,
    code: error.cniCode,
    msg: namesField(error) ? error.message : `${error.field}: ${error.message}`,
    details: parts.filter((part) => part !== undefined && part !== "").join("; "),
  };
}

/** Whoever reads the message must know what to correct; deep in the kernel's package nobody says CNI_NETNS. */
function namesField({ field, message }: PodwireError): boolean {
  return field === undefined || message.includes(field);
}

/** The error object as it goes to standard output. */
export function formatErrorResult(error: PodwireError, cniVersion: string): string {
  return JSON.stringify(errorResult(error, cniVersion));
}
