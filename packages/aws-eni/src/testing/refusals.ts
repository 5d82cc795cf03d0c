import type { Ec2Action } from "../api.ts";
import { addressRefusals } from "./address-refusals.ts";
import { isKnownFilter, listings, tryParseNextToken } from "./describe.ts";
import { interfaceRefusals } from "./interface-refusals.ts";
import { apiReference, dryRunSet, errorsOverview, type Refusal, type RefusalRow, textIf } from "./refusal-row.ts";
import type { DescribeAction, Ec2Requests } from "./requests.ts";
import type { World } from "./world.ts";

const pageSizeOutOfRange: RefusalRow<DescribeAction> = {
  condition: "a page size outside 5…1000",
  code: "InvalidParameterValue",
  httpStatus: 400,
  source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html (text unverified)",
  refuses: (_world, { maxResults: size = 5 }) =>
    textIf(size < 5 || size > 1000, `Value ( ${size} ) for parameter maxResults is invalid`),
};

const foreignPageToken: RefusalRow<DescribeAction> = {
  condition: "a page token that EC2 did not make",
  code: "InvalidParameterValue",
  httpStatus: 400,
  source: "unverified",
  refuses: (_world, { nextToken }) =>
    textIf(nextToken !== undefined && tryParseNextToken(nextToken) === undefined, "Unable to parse pagination token"),
};

export const refusals: { readonly [A in Ec2Action]: readonly RefusalRow<A>[] } = {
  DescribeInstanceTypes: describeRows("DescribeInstanceTypes", {
    code: "InvalidInstanceType",
    source: "https://github.com/aws/aws-k8s-tester/pull/517",
    text: (ids) => `The following supplied instance types do not exist: [${ids}]`,
  }),
  DescribeNetworkInterfaces: describeRows("DescribeNetworkInterfaces", {
    code: "InvalidNetworkInterfaceID.NotFound",
    source: errorsOverview,
    text: (ids) => `The networkInterface ID '${ids}' does not exist`,
  }),
  DescribeSubnets: describeRows("DescribeSubnets", {
    code: "InvalidSubnetID.NotFound",
    source: errorsOverview,
    text: (ids) => `The subnet ID '${ids}' does not exist`,
  }),
  DescribeVpcs: describeRows("DescribeVpcs", {
    code: "InvalidVpcID.NotFound",
    source: errorsOverview,
    text: (ids) => `The vpc ID '${ids}' does not exist`,
  }),
  ...addressRefusals,
  ...interfaceRefusals,
};

/** Codes that have nothing to do with what stands in the cloud: the wire door or a fault plan gives them. */
export const httpStatusByCode: Readonly<Record<string, number>> = {
  AuthFailure: 401,
  ExpiredToken: 400,
  InternalError: 500,
  InvalidAction: 400,
  MissingAction: 400,
  MissingParameter: 400,
  NoSuchVersion: 400,
  RequestExpired: 400,
  RequestLimitExceeded: 503,
  ServiceUnavailable: 503,
  Unavailable: 503,
  UnauthorizedOperation: 403,
  UnknownParameter: 400,
};

export function refusalOf<A extends Ec2Action>(action: A, world: World, request: Ec2Requests[A]): Refusal | undefined {
  for (const { code, httpStatus, refuses } of refusals[action]) {
    const message = refuses(world, request);
    if (message !== undefined) return { code, httpStatus, message };
  }
  return undefined;
}

interface IdUnknown {
  readonly code: string;
  readonly source: string;
  readonly text: (ids: string) => string;
}

/** What is refused alike for everything that can be listed. */
function describeRows<A extends DescribeAction>(action: A, unknown: IdUnknown): readonly RefusalRow<A>[] {
  const { all, idOf, requestedIds } = listings[action];
  return [
    pageSizeOutOfRange,
    {
      condition: "a page size together with ids",
      code: "InvalidParameterCombination",
      httpStatus: 400,
      source: `${apiReference(action)} (text unverified)`,
      refuses: (_world, request) =>
        textIf(
          request.maxResults !== undefined && requestedIds(request) !== undefined,
          "The parameter maxResults cannot be used with ids in the same request.",
        ),
    },
    foreignPageToken,
    {
      condition: "a filter that the action does not know",
      code: "InvalidParameterValue",
      httpStatus: 400,
      source: "https://github.com/aws/aws-cli/issues/7225",
      refuses: (_world, { filters = [] }) => {
        const foreign = filters.find((filter) => !isKnownFilter(listings[action], filter.name));
        return textIf(foreign !== undefined, `The filter '${foreign?.name}' is invalid`);
      },
    },
    {
      condition: "an id that does not exist",
      code: unknown.code,
      httpStatus: 400,
      source: unknown.source,
      refuses: (world, request) => {
        const known = new Set(Array.from(all(world), idOf));
        const missing = (requestedIds(request) ?? []).filter((id) => !known.has(id));
        return textIf(missing.length > 0, unknown.text(missing.join(", ")));
      },
    },
    dryRunSet,
  ];
}
