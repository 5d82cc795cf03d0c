import type { Ec2Action } from "../api.ts";
import type { Ec2Requests } from "./requests.ts";
import type { World } from "./world.ts";

/** Why EC2 does not carry out a request. */
export interface Refusal {
  readonly code: string;
  readonly httpStatus: number;
  readonly message: string;
}

/** One reason to refuse. The first row whose condition holds decides. */
export interface RefusalRow<A extends Ec2Action> {
  readonly condition: string;
  readonly code: string;
  readonly httpStatus: number;
  /** Where it is documented or was seen. `unverified`: nobody has shown how EC2 says it. */
  readonly source: string;
  /** EC2's text when the condition holds. */
  readonly refuses: (world: World, request: Ec2Requests[A]) => string | undefined;
}

export const errorsOverview = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html";

export function apiReference(action: Ec2Action): string {
  return `https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_${action}.html`;
}

export const dryRunSet: RefusalRow<Ec2Action> = {
  condition: "everything is right, and DryRun is set",
  code: "DryRunOperation",
  httpStatus: 412,
  source: errorsOverview,
  refuses: (_world, { dryRun }) => textIf(dryRun === true, "Request would have succeeded, but DryRun flag is set."),
};

/** Rows after it may count on the interface. */
export const interfaceUnknown: RefusalRow<ActionOnInterface> = {
  condition: "an interface that does not exist",
  code: "InvalidNetworkInterfaceID.NotFound",
  httpStatus: 400,
  source: errorsOverview,
  refuses: (world, { networkInterfaceId: id }) =>
    textIf(!world.interfaces.has(id), `The networkInterface ID '${id}' does not exist`),
};

export function textIf(condition: boolean, text: string): string | undefined {
  return condition ? text : undefined;
}

type ActionOnInterface =
  | "AssignPrivateIpAddresses"
  | "UnassignPrivateIpAddresses"
  | "AssignIpv6Addresses"
  | "UnassignIpv6Addresses"
  | "AttachNetworkInterface"
  | "ModifyNetworkInterfaceAttribute"
  | "DeleteNetworkInterface";
