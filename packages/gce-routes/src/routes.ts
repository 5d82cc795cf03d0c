import {
  type CallOptions,
  type Clock,
  type Finding,
  isPodwireError,
  type NodeRef,
  PodwireError,
  type RouteBackend,
  type RouteChange,
  type RouteOutcome,
} from "@podwire/core";
import type { ComputeApi, Network, Operation, Route } from "./api.ts";
import type { ComputeCall } from "./errors.ts";
import { endOf } from "./operation.ts";
import { requestIdOf } from "./request-id.ts";
import { parseInstance, parseNetwork, pathOf } from "./resource-path.ts";
import { cloudRouteOf, planRoutes, type RoutePlan, type RouteStep } from "./route-plan.ts";

export interface GceRoutesOptions {
  readonly api: ComputeApi;
  readonly clock: Clock;
  /** As for GceAdapterOptions. */
  readonly staticRoutesPerNetwork?: number;
}

/** Another writer can be faster; one that always is fights us. */
const maxRounds = 4;

/** Operations under way at a time. */
const maxParallel = 10;

/**
 * The routing port on Compute Engine: a route a node CIDR, with the instance for next hop. What stands afterwards is
 * told by a list that came after the operations, not by their answers.
 */
export function createGceRoutes({ api, clock, staticRoutesPerNetwork }: GceRoutesOptions): RouteBackend {
  const routesOf = async (networkId: string, options: CallOptions) => {
    const path = parseNetwork(networkId);
    const network = await api.getNetwork(path, options);
    return { network, routes: await listed(api, path.project, { network, options }) };
  };
  return {
    async preflight(node, options) {
      const { canIpForward } = await api.getInstance(parseInstance(node.id), options);
      const findings = canIpForward ? [] : [cannotForward(node)];
      if (staticRoutesPerNetwork === undefined) return findings;
      const { network, routes } = await routesOf(node.networkId, options);
      const used = routes.filter(isStatic).length;
      return used < staticRoutesPerNetwork ? findings : [...findings, quotaUsed(network, used)];
    },

    async list(scope, options) {
      const { routes } = await routesOf(scope.networkId, options);
      return routes.map((route) => cloudRouteOf(route, scope)).filter((route) => route !== undefined);
    },

    async apply(change, options) {
      const { network, routes } = await routesOf(change.scope.networkId, options);
      const { project } = parseNetwork(change.scope.networkId);
      return settle({ api, clock, change, network, project }, routes, options);
    },
  };
}

interface Task {
  readonly api: ComputeApi;
  readonly clock: Clock;
  readonly change: RouteChange;
  readonly network: Network;
  readonly project: string;
}

async function settle(task: Task, routes: readonly Route[], options: CallOptions): Promise<RouteOutcome> {
  let plan = planRoutes(task.change, task.network, routes);
  let failures: readonly PodwireError[] = [];
  for (let round = 1; plan.steps.length > 0 && round <= maxRounds && failures.every(isOvertaken); round++) {
    failures = await carryOut(task, { plan, round }, options);
    plan = planRoutes(task.change, task.network, await listedAfter(task, options));
  }
  const [failure] = [...plan.conflicts, ...(plan.steps.length > 0 ? failures : [])];
  const outcome = outcomeOf(task.change, plan);
  const happened = outcome.put.length + outcome.removed.length;
  if (failure !== undefined && happened === 0) throw failure;
  if (plan.steps.length > 0 && happened === 0) throw neverStood(plan);
  return outcome;
}

/** Somebody else inserted or deleted the route in the meantime: look again. */
function isOvertaken(error: PodwireError): boolean {
  return isPodwireError(error, "CLOUD_CONFLICT") || isPodwireError(error, "CLOUD_NOT_FOUND");
}

function outcomeOf({ put, remove }: RouteChange, { settled }: RoutePlan): RouteOutcome {
  return {
    put: put.map(({ cidr }) => cidr).filter((cidr) => settled.has(cidr)),
    removed: remove.filter((cidr) => settled.has(cidr)),
  };
}

async function carryOut(
  task: Task,
  { plan, round }: { readonly plan: RoutePlan; readonly round: number },
  options: CallOptions,
): Promise<readonly PodwireError[]> {
  const failures: PodwireError[] = [];
  for (let start = 0; start < plan.steps.length; start += maxParallel) {
    const results = await Promise.allSettled(
      plan.steps.slice(start, start + maxParallel).map((step) => carryOutStep(task, { step, round }, options)),
    );
    for (const result of results) {
      if (result.status === "fulfilled") continue;
      if (!isPodwireError(result.reason)) throw result.reason;
      failures.push(result.reason);
    }
    // A network without room, a cloud that throttles: the rest would fail alike.
    if (!failures.every(isOvertaken)) break;
  }
  return failures;
}

async function carryOutStep(
  { api, clock, change, project }: Task,
  { step, round }: { readonly step: RouteStep; readonly round: number },
  options: CallOptions,
): Promise<void> {
  const wait = (operation: string) => api.waitGlobalOperation({ project, operation }, options);
  const finish = (call: ComputeCall, operation: Operation) => endOf({ call, operation, clock, wait }, options);
  for (const route of step.deletes) {
    const requestId = requestIdOf(change.token, `${round} delete ${route}`);
    const operation = await api.deleteRoute({ project, route, requestId }, options);
    await finish({ action: "routes.delete", object: route }, operation);
  }
  if (step.insert === undefined) return;
  const requestId = requestIdOf(change.token, `${round} insert ${step.insert.name}`);
  const operation = await api.insertRoute({ project, route: step.insert, requestId }, options);
  await finish({ action: "routes.insert", object: step.insert.name }, operation);
}

function listed(
  api: ComputeApi,
  project: string,
  { network, options }: { readonly network: Network; readonly options: CallOptions },
): Promise<readonly Route[]> {
  return api.listRoutes({ project, network: network.selfLink }, options);
}

/** Something was sent; without a list nobody knows what became of it. */
async function listedAfter({ api, project, network }: Task, options: CallOptions): Promise<readonly Route[]> {
  try {
    return await listed(api, project, { network, options });
  } catch (cause) {
    const details = isPodwireError(cause) ? cause.message : String(cause);
    throw new PodwireError("CLOUD_OUTCOME_UNKNOWN", `cannot tell what became of the routes of ${network.name}`, {
      op: `list the routes of ${network.name}`,
      details: `compute.routes.list: ${details}`,
      cause,
    });
  }
}

function neverStood({ steps }: RoutePlan): PodwireError {
  const cidrs = steps.map(({ cidr }) => cidr).join(", ");
  return new PodwireError(
    "CLOUD_CONFLICT",
    `routes of ${cidrs} are not what was asked for after ${maxRounds} attempts`,
    {
      op: `apply routes of ${cidrs}`,
      details: "compute.routes.list: somebody else writes them, or the list lags",
    },
  );
}

/** Routes of subnetworks and peers come by themselves and do not count. */
function isStatic({ otherHop = "" }: Route): boolean {
  return !/\/networks\/[^/]+$/.test(otherHop);
}

function cannotForward({ id }: NodeRef): Finding {
  return {
    severity: "fatal",
    id: "gce-cannot-ip-forward",
    message: `instance ${pathOf(id)} may not forward packets: Compute Engine drops those of pods`,
    remedy: "make the instance anew with --can-ip-forward, or use alias ranges",
  };
}

function quotaUsed({ name }: Network, used: number): Finding {
  return {
    severity: "warning",
    id: "gce-route-quota",
    message: `network ${name} has ${used} static routes, as many as its quota allows`,
    remedy: "ask for more STATIC_ROUTES_PER_NETWORK, or delete routes that nobody needs",
  };
}
