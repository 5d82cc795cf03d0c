import { cidrFamily } from "@podwire/core";
import type { Netlink } from "./netlink.ts";
import { isRefused, type NetlinkRequest, refusal } from "./request.ts";
import { addRoute, type Route, replaceRoute, sameRoute, sameRoutePlace } from "./route.ts";

/**
 * Carries out `requests`, then sees to it that the routes are there. A route in the place of one of ours is replaced
 * only if `mayReplace` says that it is ours as well.
 * @throws KERNEL_REFUSED also when a route of somebody else is in the place: it is not touched
 */
export async function applyWithRoutes(
  netlink: Pick<Netlink, "send" | "apply" | "routes">,
  { requests, routes }: { readonly requests: readonly NetlinkRequest[]; readonly routes: readonly Route[] },
  mayReplace: (found: Route) => boolean,
): Promise<void> {
  const additions = routes.map((route) => ({ route, request: addRoute(route) }));
  const all = [...requests, ...additions.map(({ request }) => request)];
  const answers = await netlink.send(all);
  const taken: typeof additions = [];
  for (const [i, request] of all.entries()) {
    const answer = answers[i];
    if (answer === undefined || !isRefused(request, answer)) continue;
    const addition = additions[i - requests.length];
    if (answer.errno !== "EEXIST" || addition === undefined) throw refusal(request, answer);
    taken.push(addition);
  }
  for (const { route, request } of taken) {
    const there = await netlink.routes({ family: cidrFamily(route.destination), table: route.table });
    const found = there.find((one) => sameRoutePlace(one, route));
    if (found !== undefined && sameRoute(found, route)) continue;
    if (found !== undefined && !mayReplace(found)) throw refusal(request, { errno: "EEXIST", text: undefined });
    await netlink.apply([replaceRoute(route)]);
  }
}
