import type { AliasIpRange, ComputeAction, InZone } from "../api.ts";

interface InProject {
  readonly project: string;
}

/** A route as a client writes it; what is left out is refused or has a default. */
export interface RouteBody {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly network?: string | undefined;
  readonly destRange?: string | undefined;
  readonly priority?: number | undefined;
  readonly nextHopInstance?: string | undefined;
  readonly nextHopGateway?: string | undefined;
  readonly nextHopIp?: string | undefined;
}

export interface AliasRequest extends InZone {
  readonly instance: string;
  readonly networkInterface: string;
  readonly fingerprint?: string | undefined;
  /** Absent: unchanged. That is what becomes of an empty list in a client that leaves empty lists out. */
  readonly aliasIpRanges?: readonly AliasIpRange[] | undefined;
  readonly requestId?: string | undefined;
}

/** What the calls take, in Compute Engine's words. */
export interface ComputeRequests {
  readonly "instances.get": InZone & { readonly instance: string };
  readonly "instances.updateNetworkInterface": AliasRequest;
  readonly "subnetworks.get": InProject & { readonly region: string; readonly subnetwork: string };
  readonly "networks.get": InProject & { readonly network: string };
  readonly "routes.list": InProject & {
    readonly filter?: string | undefined;
    readonly maxResults?: number | undefined;
    readonly pageToken?: string | undefined;
  };
  readonly "routes.insert": InProject & { readonly route: RouteBody; readonly requestId?: string | undefined };
  readonly "routes.delete": InProject & { readonly route: string; readonly requestId?: string | undefined };
  readonly "zoneOperations.wait": InZone & { readonly operation: string };
  readonly "globalOperations.wait": InProject & { readonly operation: string };
}

export type ComputeCommand = {
  readonly [A in ComputeAction]: { readonly action: A; readonly request: ComputeRequests[A] };
}[ComputeAction];

export type ChangeAction = "instances.updateNetworkInterface" | "routes.insert" | "routes.delete";
export type ChangeCommand = Extract<ComputeCommand, { readonly action: ChangeAction }>;

export function isChange(command: ComputeCommand): command is ChangeCommand {
  return ["instances.updateNetworkInterface", "routes.insert", "routes.delete"].includes(command.action);
}
