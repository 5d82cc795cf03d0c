import type { Repair } from "@podwire/core";
import type { NetlinkRequest } from "../netlink/request.ts";

/** One thing that is to be put right, and how. */
export interface NodeChange {
  readonly repair: Repair;
  readonly act:
    | { readonly kind: "request"; readonly request: NetlinkRequest }
    | { readonly kind: "setting"; readonly name: string; readonly value: string };
  /** Formatted key of the attachment it belongs to: it is dropped when an ADD or DEL came between. */
  readonly attachment?: string;
}

/** @param description as `ip` would be told, where it can be said better than the request does */
export function change(
  object: Repair["object"],
  request: NetlinkRequest,
  description = request.description,
): NodeChange {
  return { repair: { object, description }, act: { kind: "request", request } };
}

export function settingChange(name: string, value: string): NodeChange {
  const description = `${name.replaceAll("/", ".")}=${value}`;
  return { repair: { object: "sysctl", description }, act: { kind: "setting", name, value } };
}
