import type {
  AliasIpRange,
  ComputeInterface,
  Instance,
  Network,
  Operation,
  OperationError,
  Route,
  Subnetwork,
} from "./api.ts";
import type { ComputeCall } from "./errors.ts";

/** A resource as JSON or as the SDK's object: everything may be missing, and the SDK writes null for it. */
export type RawResource = Readonly<Record<string, unknown>>;

export function instanceOf(raw: RawResource): Instance {
  return {
    name: textOf(raw, "name"),
    canIpForward: raw["canIpForward"] === true,
    networkInterfaces: listOf(raw, "networkInterfaces").map(interfaceOf),
  };
}

export function subnetworkOf(raw: RawResource): Subnetwork {
  const ipv6CidrRange = optionalText(raw, "internalIpv6Prefix") ?? optionalText(raw, "ipv6CidrRange");
  return {
    name: textOf(raw, "name"),
    region: textOf(raw, "region"),
    selfLink: textOf(raw, "selfLink"),
    ipCidrRange: textOf(raw, "ipCidrRange"),
    gatewayAddress: textOf(raw, "gatewayAddress"),
    secondaryIpRanges: listOf(raw, "secondaryIpRanges").map((range) => ({
      rangeName: textOf(range, "rangeName"),
      ipCidrRange: textOf(range, "ipCidrRange"),
    })),
    ...(ipv6CidrRange === undefined ? {} : { ipv6CidrRange }),
  };
}

export function networkOf(raw: RawResource): Network {
  const { mtu, subnetworks } = raw;
  return {
    name: textOf(raw, "name"),
    selfLink: textOf(raw, "selfLink"),
    // Networks that are older than the field have what was then the only MTU.
    mtu: typeof mtu === "number" && mtu > 0 ? mtu : 1460,
    subnetworks: Array.isArray(subnetworks) ? subnetworks.map(String) : [],
  };
}

export function routeOf(raw: RawResource): Route {
  const { priority } = raw;
  const nextHopInstance = optionalText(raw, "nextHopInstance");
  const otherHop = otherHops.map((name) => optionalText(raw, name)).find((hop) => hop !== undefined);
  return {
    name: textOf(raw, "name"),
    description: optionalText(raw, "description") ?? "",
    network: textOf(raw, "network"),
    destRange: textOf(raw, "destRange"),
    priority: typeof priority === "number" ? priority : 1000,
    ...(nextHopInstance === undefined ? {} : { nextHopInstance }),
    ...(otherHop === undefined ? {} : { otherHop }),
    warnings: listOf(raw, "warnings").map((warning) => optionalText(warning, "code") ?? ""),
  };
}

/** `name` is the operation's own; the SDK's wrapper calls its number so. */
export function operationOf(raw: RawResource): Operation {
  const done = raw["status"] === "DONE";
  const error = errorOf(raw);
  return { name: textOf(raw, "name"), done, ...(done && error !== undefined ? { error } : {}) };
}

/** What a call asks for, where its meaning depends on it. */
export function askedFor(request: unknown): Pick<ComputeCall, "asked"> {
  const { aliasIpRanges } = request as { readonly aliasIpRanges?: readonly AliasIpRange[] };
  const isPrefix = ({ ipCidrRange }: AliasIpRange) => ipCidrRange.startsWith("/") && ipCidrRange !== "/32";
  return aliasIpRanges?.some(isPrefix) === true ? { asked: "prefixes" } : {};
}

const otherHops = [
  "nextHopGateway",
  "nextHopNetwork",
  "nextHopIp",
  "nextHopIlb",
  "nextHopVpnTunnel",
  "nextHopPeering",
  "nextHopHub",
];

function interfaceOf(raw: RawResource): ComputeInterface {
  return {
    name: textOf(raw, "name"),
    network: textOf(raw, "network"),
    subnetwork: textOf(raw, "subnetwork"),
    networkIP: textOf(raw, "networkIP"),
    fingerprint: textOf(raw, "fingerprint"),
    aliasIpRanges: listOf(raw, "aliasIpRanges").map((range) => {
      const subnetworkRangeName = optionalText(range, "subnetworkRangeName");
      const ipCidrRange = textOf(range, "ipCidrRange");
      return subnetworkRangeName === undefined ? { ipCidrRange } : { ipCidrRange, subnetworkRangeName };
    }),
  };
}

/** Some operations have failed with a status and no list of errors. */
function errorOf(raw: RawResource): OperationError | undefined {
  const { error, httpErrorStatusCode } = raw;
  const [first] = typeof error === "object" && error !== null ? listOf(error as RawResource, "errors") : [];
  const status = typeof httpErrorStatusCode === "number" && httpErrorStatusCode > 0 ? httpErrorStatusCode : undefined;
  if (first === undefined && status === undefined) return undefined;
  return {
    code: (first === undefined ? undefined : optionalText(first, "code")) ?? `HTTP ${status}`,
    message: (first === undefined ? undefined : optionalText(first, "message")) ?? "",
    ...(status === undefined ? {} : { httpStatus: status }),
  };
}

/** An answer that lacks what Compute Engine always sends cannot be trusted. */
function textOf(raw: RawResource, name: string): string {
  const value = optionalText(raw, name);
  if (value === undefined) throw new Error(`Compute Engine's answer lacks ${name}`);
  return value;
}

function optionalText(raw: RawResource, name: string): string | undefined {
  const value = raw[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function listOf(raw: RawResource, name: string): readonly RawResource[] {
  const value = raw[name];
  return Array.isArray(value) ? (value as readonly RawResource[]) : [];
}
