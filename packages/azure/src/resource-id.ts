import { PodwireError, quoteValue } from "@podwire/core";

/** The types of resources podwire names, as ARM writes them. */
export type ResourceType =
  | "Microsoft.Compute/virtualMachines"
  | "Microsoft.Network/networkInterfaces"
  | "Microsoft.Network/routeTables"
  | "Microsoft.Network/virtualNetworks";

export interface ResourceId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

/** @throws CLOUD_NOT_FOUND for a text that can name no such resource */
export function parseResourceId(id: string, type: ResourceType): ResourceId {
  const parsed = tryParseResourceId(id, type);
  if (parsed !== undefined) return parsed;
  throw new PodwireError("CLOUD_NOT_FOUND", `${quoteValue(id)} is no id of ${type}`, {
    op: `find ${quoteValue(id)}`,
    value: quoteValue(id),
    details: `ids read /subscriptions/…/resourceGroups/…/providers/${type}/…`,
  });
}

function tryParseResourceId(id: string, type: ResourceType): ResourceId | undefined {
  const match = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+\/[^/]+)\/([^/]+)$/i.exec(id);
  const [, subscriptionId = "", resourceGroup = "", found = "", name = ""] = match ?? [];
  return found.toLowerCase() === type.toLowerCase() ? { subscriptionId, resourceGroup, name } : undefined;
}

/** ARM's ids ignore case, and the parts of ARM write them differently. */
export function sameId(a: string, b: string): boolean {
  return idKey(a) === idKey(b);
}

/** For maps keyed by id. */
export function idKey(id: string): string {
  return id.toLowerCase();
}

/** The virtual network of a subnet's id. */
export function networkIdOf(subnetId: string): string {
  return subnetId.replace(/\/subnets\/[^/]+$/i, "");
}

/** The scale set of an instance of a Uniform one; those of a Flexible one are machines by themselves. */
export function uniformScaleSetOf(id: string): string | undefined {
  return /\/virtualMachineScaleSets\/([^/]+)\/virtualMachines\//i.exec(id)?.[1];
}
