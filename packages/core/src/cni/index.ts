/**
 * What the CNI client needs of core. The client in TypeScript starts once per pod, so nothing here may import zod or
 * ipaddr.js at run time: both together take longer to load than the client's work takes.
 */
export { errorCodes } from "../errors/codes.ts";
export { errorFrom, PodwireError, quoteValue } from "../errors/podwire-error.ts";
export { type CniErrorResult, errorResult, formatErrorResult } from "./error-result.ts";
export { type CniVerb, cniVerbs, isCniVerb } from "./verbs.ts";
export { answerVersion, scanCniVersion } from "./version-answer.ts";
export { type CniVersion, newestVersion, supportedVersions } from "./versions.ts";
