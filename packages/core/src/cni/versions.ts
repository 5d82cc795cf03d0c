import { PodwireError, quoteValue } from "../errors/podwire-error.ts";
import type { CniVerb } from "./verbs.ts";

/** Every version of the CNI specification podwire speaks, oldest first. */
export const supportedVersions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

export type CniVersion = (typeof supportedVersions)[number];

export const newestVersion: CniVersion = "1.1.0";

/** What an absent `cniVersion` means (CNI specification 0.x; libcni reads it likewise). */
const impliedVersion: CniVersion = "0.1.0";

/** The version that brought a verb which the oldest ones do not have. */
const verbSince: Partial<Record<CniVerb, CniVersion>> = { CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" };

/** Three numbers: what can be echoed as a version even if podwire does not speak it. */
export function isPlausibleVersion(text: string): boolean {
  return /^\d{1,4}\.\d{1,4}\.\d{1,4}$/.test(text);
}

function isSupportedVersion(text: string): text is CniVersion {
  return (supportedVersions as readonly string[]).includes(text);
}

/** A comparator for `sort`: oldest first. */
export function compareVersions(a: CniVersion, b: CniVersion): number {
  return supportedVersions.indexOf(a) - supportedVersions.indexOf(b);
}

/**
 * The version to speak for `verb`, out of the configuration's `cniVersion`; absent, null and empty mean 0.1.0.
 * @throws DECODING_FAILURE it is no version at all
 * @throws INCOMPATIBLE_CNI_VERSION podwire does not speak it, or it does not have the verb
 */
export function negotiateVersion(verb: CniVerb, cniVersion: unknown): CniVersion {
  const asked = cniVersion === undefined || cniVersion === null || cniVersion === "" ? impliedVersion : cniVersion;
  const value = quoteValue(asked);
  const facts = { field: "cniVersion", value, details: `supported versions: ${supportedVersions.join(", ")}` };
  if (typeof asked !== "string" || !isPlausibleVersion(asked)) {
    throw new PodwireError("DECODING_FAILURE", `cniVersion ${value} is not a version`, facts);
  }
  if (!isSupportedVersion(asked)) {
    throw new PodwireError("INCOMPATIBLE_CNI_VERSION", `cniVersion ${value} is not supported`, facts);
  }
  const since = verbSince[verb];
  if (since !== undefined && compareVersions(asked, since) < 0) {
    throw new PodwireError(
      "INCOMPATIBLE_CNI_VERSION",
      `cniVersion ${value} does not allow ${verb}, which came with ${since}`,
      facts,
    );
  }
  return asked;
}
