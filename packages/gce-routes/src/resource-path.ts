import { PodwireError, quoteValue } from "@podwire/core";

/** Where an instance is; a text of it is `NodeRef.id`. */
export interface InstancePath {
  readonly project: string;
  readonly zone: string;
  readonly instance: string;
}

export interface NetworkPath {
  readonly project: string;
  readonly network: string;
}

export interface SubnetworkPath {
  readonly project: string;
  readonly region: string;
  readonly subnetwork: string;
}

/** The part of a resource's URL that names it: `projects/p/zones/z/instances/i`. A path stays what it is. */
export function pathOf(url: string): string {
  const start = url.search(/(^|\/)projects\//);
  return start < 0 ? url : url.slice(start).replace(/^\//, "");
}

/** @throws CLOUD_REJECTED */
export function parseInstance(url: string): InstancePath {
  const [project, zone, instance] = partsOf(url, /^projects\/([^/]+)\/zones\/([^/]+)\/instances\/([^/]+)$/);
  return { project, zone, instance };
}

/** @throws CLOUD_REJECTED */
export function parseNetwork(url: string): NetworkPath {
  // The metadata server leaves `global` out.
  const [project, network] = partsOf(url, /^projects\/([^/]+)\/(?:global\/)?networks\/([^/]+)$/);
  return { project, network };
}

/** @throws CLOUD_REJECTED */
export function parseSubnetwork(url: string): SubnetworkPath {
  const [project, region, subnetwork] = partsOf(url, /^projects\/([^/]+)\/regions\/([^/]+)\/subnetworks\/([^/]+)$/);
  return { project, region, subnetwork };
}

/** The last name of a URL. */
export function lastNameOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

function partsOf(url: string, pattern: RegExp): readonly [string, string, string] {
  const [, a = "", b = "", c = ""] = pattern.exec(pathOf(url)) ?? [];
  if (a !== "" && b !== "") return [a, b, c];
  throw new PodwireError("CLOUD_REJECTED", `${quoteValue(url)} is no name of the resource that is meant`, {
    value: quoteValue(url),
  });
}
