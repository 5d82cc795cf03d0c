import { idKey, sameId } from "../resource-id.ts";
import { type FakeRequest, type RefusalRow, textIf } from "./refusal-row.ts";
import type { World } from "./world.ts";

const troubleshooting =
  "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors";

/** What is asked of every request, before what it is about. */
export const scopeRefusals: readonly RefusalRow<unknown>[] = [
  {
    condition: "no api-version",
    code: "MissingApiVersionParameter",
    httpStatus: 400,
    source: "https://learn.microsoft.com/rest/api/azure/ (text unverified)",
    refuses: (_world, { route }) =>
      textIf(!route.query.has("api-version"), "The api-version query parameter is required for all requests."),
  },
  {
    condition: "a path or method that the fake does not serve",
    code: "InvalidResourceType",
    httpStatus: 404,
    source: troubleshooting,
    refuses: (_world, { route }) => textIf(route.action === "unknown", `The path '${route.id}' could not be found.`),
  },
  {
    condition: "a subscription that does not exist",
    code: "SubscriptionNotFound",
    httpStatus: 404,
    source: troubleshooting,
    refuses: ({ scenario }, { route }) =>
      textIf(
        !sameId(route.subscriptionId, scenario.subscriptionId),
        `The subscription '${route.subscriptionId}' could not be found.`,
      ),
  },
  {
    condition: "a resource group that does not exist",
    code: "ResourceGroupNotFound",
    httpStatus: 404,
    source: troubleshooting,
    refuses: ({ scenario }, { route: { resourceGroup } }) =>
      textIf(
        resourceGroup !== "" && !sameId(resourceGroup, scenario.resourceGroup),
        `Resource group '${resourceGroup}' could not be found.`,
      ),
  },
  {
    condition: "a resource that does not exist",
    code: "ResourceNotFound",
    httpStatus: 404,
    source: troubleshooting,
    refuses: (world, { route }) => textIf(!isKnown(world, route), `The Resource '${route.id}' was not found.`),
  },
];

/** A document that can be written: its etag, and whether somebody else is writing it. */
export const writeRefusals: readonly RefusalRow<unknown>[] = [
  {
    condition: "an etag that is not the document's",
    code: "PreconditionFailed",
    httpStatus: 412,
    detail: "PreconditionFailedEtagMismatch",
    source: "https://github.com/kubernetes-sigs/cloud-provider-azure/issues/11003",
    refuses: (world, { route, ifMatch }) =>
      textIf(
        ifMatch !== undefined && ifMatch !== "*" && ifMatch !== documentAt(world, route.id)?.etag,
        `Precondition failed. Etag provided in if-match header ${ifMatch} does not match etag of ${route.id}.`,
      ),
  },
  {
    condition: "another operation on the same document goes on",
    code: "RetryableError",
    httpStatus: 429,
    detail: "RetryableErrorDueToAnotherOperation",
    retryAfterSeconds: 1,
    source: "https://github.com/kubernetes/kubernetes/issues/88151",
    refuses: (world, request) =>
      textIf(isBusy(world, request), "A retryable error occurred. Operation on the resource is in progress."),
  },
];

function documentAt(world: World, id: string): { readonly etag: string } | undefined {
  const key = idKey(id);
  return world.interfaces.get(key) ?? world.routeTables.get(key) ?? world.networks.get(key);
}

function isBusy({ operations }: World, { route, nowMs }: FakeRequest<unknown>): boolean {
  return [...operations.values()].some(({ targetId, endsAtMs }) => sameId(targetId, route.id) && endsAtMs > nowMs);
}

function isKnown(world: World, { action, id, child }: FakeRequest<unknown>["route"]): boolean {
  const key = idKey(id);
  if (action === "networkInterfaces.list") return true;
  if (action === "operations.get") return world.operations.has(child);
  if (action === "virtualMachines.get") return world.machines.has(key);
  if (action === "subnets.get") return world.spaces.has(`${key}/subnets/${idKey(child)}`);
  if (action === "routes.get") {
    return world.routeTables.get(key)?.properties.routes.some(({ name }) => sameId(name, child)) ?? false;
  }
  return documentAt(world, id) !== undefined;
}
