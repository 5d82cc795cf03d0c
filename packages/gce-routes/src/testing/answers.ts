import type { ComputeAction } from "../api.ts";
import type { ComputeModel } from "./model.ts";
import { type Refusal, refusalOf } from "./refusals.ts";
import type { ComputeCommand, ComputeRequests } from "./requests.ts";
import { parseFilter } from "./route-filter.ts";
import { type FakeInstance, type FakeRoute, urlOf, type World } from "./world.ts";

/** A resource as Compute Engine writes it: JSON. */
export type Resource = Readonly<Record<string, unknown>>;
export type ComputeResult = { readonly answer: Resource } | { readonly refusal: Refusal };

/** What the calls that change nothing answer. `instances` may be a state of the past. */
export function read(
  model: ComputeModel,
  command: ComputeCommand,
  instances: ReadonlyMap<string, FakeInstance>,
): ComputeResult {
  const { world } = model;
  const refusal = refusalOf(command.action, world, command.request as never);
  if (refusal !== undefined) return { refusal };
  return { answer: readers[command.action](world, command.request as never, instances) };
}

/** @param name of an operation that exists */
export function operationResource(world: World, name: string): Resource {
  const operation = world.operations.get(name);
  const { id, scope, action, targetLink, done, error } = operation ?? {};
  const place = scope === "global" ? "global" : `zones/${scope}`;
  return {
    kind: "compute#operation",
    id,
    name,
    operationType: action,
    targetLink,
    status: done ? "DONE" : "RUNNING",
    progress: done ? 100 : 0,
    selfLink: urlOf(world, `${place}/operations/${name}`),
    ...(scope === "global" ? {} : { zone: urlOf(world, `zones/${scope}`) }),
    ...(error === undefined
      ? {}
      : {
          error: { errors: [{ code: error.code, message: error.message }] },
          httpErrorStatusCode: error.httpStatus,
          httpErrorMessage: error.code,
        }),
  };
}

type Reader<A extends ComputeAction> = (
  world: World,
  request: ComputeRequests[A],
  instances: ReadonlyMap<string, FakeInstance>,
) => Resource;

const operationReader = (world: World, { operation }: { readonly operation: string }) =>
  operationResource(world, operation);
const noReader = (): Resource => ({});

const readers: { readonly [A in ComputeAction]: Reader<A> } = {
  "instances.get": (world, { instance }, instances) => instanceResource(world, instances.get(instance)),
  "networks.get": networkResource,
  "subnetworks.get": subnetworkResource,
  "routes.list": routeList,
  "zoneOperations.wait": operationReader,
  "globalOperations.wait": operationReader,
  "instances.updateNetworkInterface": noReader,
  "routes.insert": noReader,
  "routes.delete": noReader,
};

function instanceResource(world: World, instance: FakeInstance | undefined): Resource {
  if (instance === undefined) return {};
  const { zone, name, machineType, networkInterfaces } = instance;
  return {
    kind: "compute#instance",
    id: instance.id,
    name,
    status: "RUNNING",
    zone: urlOf(world, `zones/${zone}`),
    machineType: urlOf(world, `zones/${zone}/machineTypes/${machineType}`),
    canIpForward: instance.canIpForward,
    selfLink: urlOf(world, `zones/${zone}/instances/${name}`),
    networkInterfaces: networkInterfaces.map(({ macAddress: _, aliasIpRanges, ...own }) => ({
      kind: "compute#networkInterface",
      ...own,
      network: urlOf(world, `global/networks/${own.network}`),
      subnetwork: subnetworkUrl(world, own.subnetwork),
      stackType: "IPV4_ONLY",
      // An empty list is left out.
      ...(aliasIpRanges.length === 0 ? {} : { aliasIpRanges }),
    })),
  };
}

function networkResource(world: World, { network }: ComputeRequests["networks.get"]): Resource {
  const { name, mtu } = world.networks.get(network) ?? { name: network, mtu: 0 };
  const own = [...world.subnetworks.values()].filter((subnetwork) => subnetwork.network === name);
  return {
    kind: "compute#network",
    name,
    mtu,
    autoCreateSubnetworks: false,
    subnetworks: own.map((subnetwork) => subnetworkUrl(world, subnetwork.name)),
    selfLink: urlOf(world, `global/networks/${name}`),
  };
}

function subnetworkResource(world: World, { subnetwork }: ComputeRequests["subnetworks.get"]): Resource {
  const { network, region = "", ...own } = world.subnetworks.get(subnetwork) ?? {};
  return {
    kind: "compute#subnetwork",
    ...own,
    network: urlOf(world, `global/networks/${network}`),
    region: urlOf(world, `regions/${region}`),
    stackType: "IPV4_ONLY",
    selfLink: subnetworkUrl(world, subnetwork),
  };
}

function routeList(
  world: World,
  { filter = "", maxResults = 500, pageToken = "0" }: ComputeRequests["routes.list"],
): Resource {
  const all = [...world.routes.values()].filter(parseFilter(filter) ?? (() => false));
  const start = Number(pageToken);
  const page = all.slice(start, start + maxResults);
  const more = start + maxResults < all.length;
  return {
    kind: "compute#routeList",
    ...(page.length === 0 ? {} : { items: page.map((route) => routeResource(world, route)) }),
    ...(more ? { nextPageToken: String(start + maxResults) } : {}),
  };
}

function routeResource(world: World, route: FakeRoute): Resource {
  const hop = route.nextHopInstance;
  const instance = hop === undefined ? undefined : world.instances.get(hop.slice(hop.lastIndexOf("/") + 1));
  const code =
    instance === undefined
      ? "NEXT_HOP_INSTANCE_NOT_FOUND"
      : instance.canIpForward
        ? undefined
        : "NEXT_HOP_CANNOT_IP_FORWARD";
  return {
    kind: "compute#route",
    ...route,
    selfLink: urlOf(world, `global/routes/${route.name}`),
    ...(hop === undefined || code === undefined ? {} : { warnings: [{ code, message: code, data: [] }] }),
  };
}

function subnetworkUrl(world: World, name: string): string {
  return urlOf(world, `regions/${world.subnetworks.get(name)?.region}/subnetworks/${name}`);
}
