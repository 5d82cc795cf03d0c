import { idKey, sameId } from "../resource-id.ts";
import type { ArmAnswerDocument } from "./answer-document.ts";
import type { ArmModel } from "./model.ts";
import type { PastDocuments } from "./past-documents.ts";
import type { RequestRoute } from "./route-of-request.ts";

export interface ReadContext {
  readonly model: ArmModel;
  readonly past: PastDocuments;
  readonly nowMs: number;
  /** Interfaces on one page of a list. */
  readonly pageSize: number;
  /** Scheme and host that the client sees. */
  readonly baseUrl: string;
}

/** The document that a GET shows; what it is about is there. */
export function readAnswer(context: ReadContext, route: RequestRoute): ArmAnswerDocument | undefined {
  const { model, past } = context;
  const { world } = model;
  switch (route.action) {
    case "virtualMachines.get":
      return world.machines.get(idKey(route.id)) as ArmAnswerDocument | undefined;
    case "virtualNetworks.get":
      return world.networks.get(idKey(route.id)) as ArmAnswerDocument | undefined;
    case "virtualNetworks.checkIPAddressAvailability":
      return { available: model.isFree(route.id, route.query.get("ipAddress") ?? "") };
    case "subnets.get": {
      const subnets = world.networks.get(idKey(route.id))?.properties.subnets ?? [];
      return subnets.find(({ name }) => sameId(name, route.child)) as ArmAnswerDocument | undefined;
    }
    case "networkInterfaces.list":
      return pageOf(context, route);
    case "routes.get": {
      const routes = world.routeTables.get(idKey(route.id))?.properties.routes ?? [];
      return routes.find(({ name }) => sameId(name, route.child)) as ArmAnswerDocument | undefined;
    }
    case "operations.get":
      return operationDocument(context, route.child);
    default:
      return past.asShown(route.id) as unknown as ArmAnswerDocument | undefined;
  }
}

function pageOf({ model, past, pageSize, baseUrl }: ReadContext, { id, query }: RequestRoute): ArmAnswerDocument {
  const start = Number(query.get("$skiptoken") ?? "0");
  const all = [...model.world.interfaces.values()];
  const value = all.slice(start, start + pageSize).map((own) => past.asShown(own.id));
  if (start + pageSize >= all.length) return { value };
  const version = query.get("api-version") ?? "";
  return { value, nextLink: `${baseUrl}${id}?api-version=${version}&$skiptoken=${start + pageSize}` };
}

function operationDocument({ model, nowMs }: ReadContext, id: string): ArmAnswerDocument | undefined {
  const operation = model.world.operations.get(id);
  if (operation === undefined) return undefined;
  if (operation.endsAtMs > nowMs) return { status: "InProgress" };
  const { error } = operation;
  return error === undefined ? { status: "Succeeded" } : { status: "Failed", error: { ...error, details: [] } };
}
