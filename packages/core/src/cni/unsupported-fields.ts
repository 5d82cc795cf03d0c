import { PodwireError, quoteValue } from "../errors/podwire-error.ts";
import { isJsonObject } from "./json-object.ts";

/** The parts of a network configuration that can ask for something podwire does not do. */
export interface Requests {
  readonly ipam?: unknown;
  readonly runtimeConfig?: unknown;
  readonly args?: unknown;
}

/** `dns` is used; the rest tells about the pod and asks for nothing. podman sends `aliases` as a map, not as a list. */
const knownRuntimeConfig: readonly string[] = ["dns", "aliases", "cgroupPath", "io.kubernetes.cri.pod-annotations"];

/** Of `args.cni` only these ask for something; labels and the like are information. */
const refusedArgs: readonly string[] = ["ips", "mac"];

/**
 * Refuses by name what would otherwise be ignored silently: an IPAM plugin, addresses of the runtime's choice, port
 * mappings, bandwidth, and every other capability. A runtime sends a capability only if the configuration declares it,
 * so somebody expects it to be carried out. null, "", [] and {} ask for nothing.
 * @throws UNSUPPORTED_FIELD naming key and value (CNI specification 1.1.0, section 5, code 2)
 * @throws INVALID_NETWORK_CONFIG when runtimeConfig is not an object
 */
export function refuseUnsupported(document: Requests): void {
  refuse("ipam", document.ipam);
  for (const [key, value] of entriesOf(document.runtimeConfig, "runtimeConfig")) {
    if (!knownRuntimeConfig.includes(key)) refuse(`runtimeConfig.${key}`, value);
  }
  const args = isJsonObject(document.args) ? Object.entries(document.args) : [];
  for (const [key, value] of entriesOf(args.find(([name]) => name === "cni")?.[1], "args.cni")) {
    if (refusedArgs.includes(key)) refuse(`args.cni.${key}`, value);
  }
}

function entriesOf(value: unknown, field: string): readonly (readonly [string, unknown])[] {
  if (value === undefined || value === null) return [];
  if (isJsonObject(value)) return Object.entries(value);
  throw new PodwireError("INVALID_NETWORK_CONFIG", `${field} ${quoteValue(value)}: expected an object`, {
    field,
    value: quoteValue(value),
  });
}

function refuse(field: string, request: unknown): void {
  if (isNothing(request)) return;
  const value = quoteValue(request);
  throw new PodwireError("UNSUPPORTED_FIELD", `field ${field} with value ${value} is not supported`, { field, value });
}

function isNothing(request: unknown): boolean {
  if (request === undefined || request === null || request === "") return true;
  return typeof request === "object" && Object.keys(request).length === 0;
}
