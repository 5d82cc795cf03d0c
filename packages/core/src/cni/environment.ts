import { PodwireError, quoteValue } from "../errors/podwire-error.ts";
import type { PodRef } from "../store/records.ts";
import { parseArgs } from "./args.ts";
import { maxAttachmentKeyBytes } from "./attachment-key.ts";
import { ifNameProblem, isCniName } from "./names.ts";
import { type CniVerb, cniVerbs, isCniVerb } from "./verbs.ts";

/** The CNI_… variables of one request, validated: what each verb needs, and nothing it does not. */
export type CniEnvironment =
  | {
      readonly verb: "ADD";
      readonly containerId: string;
      readonly ifName: string;
      readonly netnsPath: string;
      readonly pod: PodRef;
    }
  | { readonly verb: "CHECK"; readonly containerId: string; readonly ifName: string; readonly netnsPath: string }
  | { readonly verb: "DEL"; readonly containerId: string; readonly ifName: string }
  | { readonly verb: "GC" | "STATUS" | "VERSION" };

/** PATH_MAX of the kernel, without the zero byte at the end. */
const maxPathLength = 4095;

/**
 * What a verb cannot do without. CNI_NETNS is optional for DEL. CNI_PATH is never required, though libcni's skeleton
 * does: podwire executes no other plugin.
 */
const requiredVariables: Readonly<Record<CniVerb, readonly string[]>> = {
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"],
  DEL: ["CNI_CONTAINERID", "CNI_IFNAME"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"],
  GC: [],
  STATUS: [],
  VERSION: [],
};

/**
 * Reads the environment of one request; an empty variable counts as missing. In this order: the verb, all missing
 * variables at once, then each value. DEL does not look at CNI_NETNS and CNI_ARGS.
 *
 * CNI_NETNS_OVERRIDE is ignored on purpose: in libcni's skeleton it switches off the check that CNI_NETNS is not the
 * host's own namespace, for plugins that are tested there. A pod in the host's namespace is nothing podwire can serve.
 *
 * @throws INVALID_ENVIRONMENT naming the variables
 * @throws UNSUPPORTED_FIELD when CNI_ARGS asks for a certain address
 */
export function parseEnvironment(variables: ReadonlyMap<string, string>): CniEnvironment {
  const verb = parseVerb(variables.get("CNI_COMMAND") ?? "");
  const missing = requiredVariables[verb].filter((name) => (variables.get(name) ?? "") === "");
  if (missing.length > 0) {
    throw new PodwireError(
      "INVALID_ENVIRONMENT",
      `${verb} needs environment variables that are missing: ${missing.join(", ")}`,
      { field: missing.join(", ") },
    );
  }
  if (verb === "GC" || verb === "STATUS" || verb === "VERSION") return { verb };
  const containerId = parseContainerId(variables.get("CNI_CONTAINERID") ?? "");
  const ifName = parseIfName(variables.get("CNI_IFNAME") ?? "");
  if (verb === "DEL") return { verb, containerId, ifName };
  const netnsPath = parseNetnsPath(variables.get("CNI_NETNS") ?? "");
  if (verb === "CHECK") return { verb, containerId, ifName, netnsPath };
  return { verb, containerId, ifName, netnsPath, pod: parseArgs(variables.get("CNI_ARGS") ?? "") };
}

function parseVerb(text: string): CniVerb {
  if (isCniVerb(text)) return text;
  const problem = text === "" ? "is missing" : "is not a verb";
  throw invalid("CNI_COMMAND", text, `${problem}; known are ${cniVerbs.join(", ")}`);
}

function parseContainerId(text: string): string {
  if (!isCniName(text)) throw invalid("CNI_CONTAINERID", text, "is not a container id");
  if (text.length > maxAttachmentKeyBytes) {
    throw invalid("CNI_CONTAINERID", text, `is longer than ${maxAttachmentKeyBytes} bytes`);
  }
  return text;
}

function parseIfName(text: string): string {
  const problem = ifNameProblem(text);
  if (problem !== undefined) throw invalid("CNI_IFNAME", text, problem);
  return text;
}

function parseNetnsPath(text: string): string {
  if (!text.startsWith("/")) throw invalid("CNI_NETNS", text, "is not an absolute path");
  if (text.length > maxPathLength) throw invalid("CNI_NETNS", text, `is longer than ${maxPathLength} bytes`);
  if (text.split("/").includes("..")) throw invalid("CNI_NETNS", text, "holds a .. segment");
  if (/\p{Cc}/u.test(text)) throw invalid("CNI_NETNS", text, "holds a control character");
  return text;
}

function invalid(field: string, text: string, problem: string): PodwireError {
  const value = quoteValue(text);
  const subject = text === "" ? field : `${field} ${value}`;
  return new PodwireError("INVALID_ENVIRONMENT", `${subject} ${problem}`, { field, value });
}
