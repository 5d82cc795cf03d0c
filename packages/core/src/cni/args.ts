import { PodwireError, quoteValue } from "../errors/podwire-error.ts";
import type { PodRef } from "../store/records.ts";

/** Enough for the longest names Kubernetes allows, several times over. */
const maxArgsLength = 16 * 1024;

/** Keys of CNI_ARGS that ask for a certain address: never silently another one (CONVENTIONS.md of CNI). */
const unsupportedKeys: readonly string[] = ["IP", "MAC"];

const knownKeys: readonly string[] = [
  ...unsupportedKeys,
  "IgnoreUnknown",
  "K8S_POD_NAMESPACE",
  "K8S_POD_NAME",
  "K8S_POD_UID",
  "K8S_POD_INFRA_CONTAINER_ID",
];

/**
 * What CNI_ARGS (`K=V;K2=V2`) says about the pod. Any part may be absent: podman sends no namespace, `ctr` nothing at
 * all. Of a key given twice the last one counts. As in libcni a pair has exactly one `=`, and unknown keys are an error
 * unless `IgnoreUnknown` is `1` or `true`.
 * @throws INVALID_ENVIRONMENT naming the malformed pair or the unknown keys
 * @throws UNSUPPORTED_FIELD naming key and value of what podwire does not do
 */
export function parseArgs(text: string): PodRef {
  const args = parsePairs(text);
  refuseUnknown(args);
  for (const key of unsupportedKeys) {
    const value = args.get(key) ?? "";
    if (value !== "") throw unsupported(key, value);
  }
  return {
    ...present("namespace", args.get("K8S_POD_NAMESPACE")),
    ...present("name", args.get("K8S_POD_NAME")),
    ...present("uid", args.get("K8S_POD_UID")),
  };
}

function parsePairs(text: string): ReadonlyMap<string, string> {
  const args = new Map<string, string>();
  if (text === "") return args;
  if (text.length > maxArgsLength) throw invalid(text, `is longer than ${maxArgsLength} bytes`);
  for (const pair of text.split(";")) {
    const [key, value, ...rest] = pair.split("=");
    if (key === undefined || key === "" || value === undefined || rest.length > 0) {
      throw invalid(pair, "is not a pair KEY=VALUE");
    }
    args.set(key, value);
  }
  return args;
}

function refuseUnknown(args: ReadonlyMap<string, string>): void {
  if (parseIgnoreUnknown(args.get("IgnoreUnknown") ?? "0")) return;
  const unknown = Array.from(args.keys()).filter((key) => !knownKeys.includes(key));
  if (unknown.length === 0) return;
  throw invalid(unknown.join(", "), "is unknown, and IgnoreUnknown is not set");
}

function parseIgnoreUnknown(text: string): boolean {
  const value = text.toLowerCase();
  if (value === "1" || value === "true") return true;
  if (value === "0" || value === "false") return false;
  throw invalid(`IgnoreUnknown=${text}`, "is neither true nor false");
}

function invalid(part: string, problem: string): PodwireError {
  const value = quoteValue(part);
  return new PodwireError("INVALID_ENVIRONMENT", `CNI_ARGS: ${value} ${problem}`, { field: "CNI_ARGS", value });
}

function unsupported(key: string, text: string): PodwireError {
  const field = `CNI_ARGS ${key}`;
  const value = quoteValue(text);
  return new PodwireError("UNSUPPORTED_FIELD", `${field} with value ${value} is not supported`, { field, value });
}

function present<Key extends keyof PodRef>(key: Key, value: string | undefined): { readonly [key in Key]?: string } {
  return value === undefined || value === "" ? {} : ({ [key]: value } as { [key in Key]: string });
}
