import type { Route, RouteTable } from "../api.ts";
import { idKey, sameId } from "../resource-id.ts";
import type { FakeRequest } from "./refusal-row.ts";
import type { World } from "./world.ts";

/** A write of one route as one of its table: other clients make them. A write of a table is passed on as it is. */
export function routeEdit(world: World, asked: FakeRequest<unknown>): FakeRequest<RouteTable> {
  const { action, id, child } = asked.route;
  if (action === "routeTables.createOrUpdate") return asked as FakeRequest<RouteTable>;
  const table = world.routeTables.get(idKey(id)) as RouteTable;
  const others = table.properties.routes.filter(({ name }) => !sameId(name, child));
  const routes = action === "routes.delete" ? others : [...others, { ...(asked.body as Route), name: child }];
  return { ...asked, ifMatch: undefined, body: { ...table, properties: { ...table.properties, routes } } };
}
