import { PodwireError } from "@podwire/core";
import { type AddressSpace, SeededRandom } from "@podwire/testkit";
import type { NetworkInterface, RouteTable } from "../api.ts";
import { idKey, sameId } from "../resource-id.ts";
import { interfaceRefusals, noRoom } from "./interface-refusals.ts";
import { hasRoomFor, writeInterface } from "./interface-write.ts";
import { type FakeRequest, type Refusal, refusalFrom } from "./refusal-row.ts";
import { routeRefusals } from "./route-refusals.ts";
import { parseScenario, type ScenarioInput } from "./scenario.ts";
import { scopeRefusals, writeRefusals } from "./scope-refusals.ts";
import { buildWorld, type FakeOperation, newEtag, resourceIdIn, uuidOf, type World } from "./world.ts";

/** How an operation goes. */
export interface OperationCourse {
  readonly durationMs: number;
  /** How many new configurations are made before it ends. */
  readonly atMost: number;
  /** What it ends in. */
  readonly error?: { readonly code: string; readonly message: string };
}

export type Written<D> = { readonly refusal: Refusal } | { readonly document: D; readonly operation: FakeOperation };

/** ARM's objects and rules, without doors and faults. One write at a time, each whole or refused. */
export class ArmModel {
  readonly world: World;
  readonly #random: SeededRandom;
  readonly #listeners = new Set<(id: string) => void>();

  /** @throws INVALID_DAEMON_CONFIG when the scenario cannot be */
  constructor(scenario: ScenarioInput, random: SeededRandom = new SeededRandom(1)) {
    this.#random = random;
    this.world = buildWorld(parseScenario(scenario), random);
  }

  /** Full id of a resource of the scenario, by type and name. */
  idOf(type: string, name: string): string {
    return resourceIdIn(this.world, type, name);
  }

  /** @throws CLOUD_NOT_FOUND */
  interface(name: string): NetworkInterface {
    const own = this.world.interfaces.get(idKey(this.idOf("Microsoft.Network/networkInterfaces", name)));
    if (own === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `interface ${name} does not exist`);
    return own;
  }

  /** @throws CLOUD_NOT_FOUND */
  routeTable(name: string): RouteTable {
    const table = this.world.routeTables.get(idKey(this.idOf("Microsoft.Network/routeTables", name)));
    if (table === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `route table ${name} does not exist`);
    return table;
  }

  /** Calls the listener before every change of a document, with its id. Returns what ends that. */
  subscribe(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  refusalOf(request: FakeRequest<unknown>): Refusal | undefined {
    return refusalFrom(scopeRefusals, this.world, request);
  }

  putInterface(request: FakeRequest<NetworkInterface>, course: OperationCourse): Written<NetworkInterface> {
    const refusal =
      refusalFrom(writeRefusals, this.world, request) ?? refusalFrom(interfaceRefusals, this.world, request);
    if (refusal !== undefined) return { refusal };
    const before = this.world.interfaces.get(idKey(request.route.id)) as NetworkInterface;
    const wanted = request.body;
    if (!hasRoomFor(this.world, before, wanted)) {
      return { refusal: { code: noRoom.code, httpStatus: noRoom.httpStatus, message: "The subnet is full." } };
    }
    this.#announce(before.id);
    const document = writeInterface(this.world, { before, wanted }, { random: this.#random, atMost: course.atMost });
    return { document, operation: this.#start(before.id, request.nowMs, course) };
  }

  putRouteTable(request: FakeRequest<RouteTable>, course: OperationCourse): Written<RouteTable> {
    const refusal = refusalFrom(writeRefusals, this.world, request) ?? refusalFrom(routeRefusals, this.world, request);
    if (refusal !== undefined) return { refusal };
    const before = this.world.routeTables.get(idKey(request.route.id)) as RouteTable;
    this.#announce(before.id);
    const etag = newEtag(this.#random);
    const known = new Set(before.properties.routes.map(({ name }) => name));
    const coming = request.body.properties.routes.filter(({ name }) => !known.has(name)).slice(course.atMost);
    const routes = request.body.properties.routes
      .filter((route) => !coming.includes(route))
      .map((route) => ({ ...route, id: `${before.id}/routes/${route.name}`, etag }));
    const { id, name, location } = before;
    const properties = { ...request.body.properties, provisioningState: "Succeeded", routes };
    const document: RouteTable = { ...request.body, id, name, location, etag, properties };
    this.world.routeTables.set(idKey(id), document);
    return { document, operation: this.#start(id, request.nowMs, course) };
  }

  /** An operation that does nothing but fail. */
  failOperation(targetId: string, nowMs: number, course: OperationCourse): FakeOperation {
    return this.#start(targetId, nowMs, course);
  }

  /** Back door: what a person does in the portal. */
  editInterface(name: string, edit: (own: NetworkInterface) => NetworkInterface): void {
    const own = this.interface(name);
    this.#announce(own.id);
    this.world.interfaces.set(idKey(own.id), { ...edit(own), etag: newEtag(this.#random) });
  }

  /** Back door, as `editInterface`. */
  editRouteTable(name: string, edit: (table: RouteTable) => RouteTable): void {
    const table = this.routeTable(name);
    this.#announce(table.id);
    this.world.routeTables.set(idKey(table.id), { ...edit(table), etag: newEtag(this.#random) });
  }

  /** Somebody else takes addresses of the subnet until so many are free. `subnet` reads `network/subnet`. */
  occupy(subnet: string, leaveFree: number): void {
    const space = this.#space(subnet);
    while (space.freeCount > leaveFree && space.take(32) !== undefined);
  }

  /** Somebody else takes addresses so that single ones are free and no /28. */
  fragment(subnet: string): void {
    this.#space(subnet).fragment(28);
  }

  freeAddresses(subnet: string): number {
    return this.#space(subnet).freeCount;
  }

  /** Whether nothing in the network holds the address. */
  isFree(networkId: string, ipAddress: string): boolean {
    const interfaces = [...this.world.interfaces.values()];
    return !interfaces.some(({ properties }) =>
      properties.ipConfigurations.some(
        (one) =>
          one.properties.privateIPAddress === ipAddress &&
          idKey(one.properties.subnet?.id ?? "").startsWith(`${idKey(networkId)}/`),
      ),
    );
  }

  /** The machine is deleted, and its interfaces with it. */
  deleteMachine(name: string): void {
    const id = this.idOf("Microsoft.Compute/virtualMachines", name);
    this.world.machines.delete(idKey(id));
    for (const [key, own] of this.world.interfaces) {
      if (sameId(own.properties.virtualMachine?.id ?? "", id)) this.world.interfaces.delete(key);
    }
  }

  #start(targetId: string, nowMs: number, { durationMs, error }: OperationCourse): FakeOperation {
    const operation = {
      id: uuidOf(this.#random),
      targetId,
      endsAtMs: nowMs + durationMs,
      ...(error === undefined ? {} : { error }),
    };
    this.world.operations.set(operation.id, operation);
    return operation;
  }

  #announce(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }

  #space(subnet: string): AddressSpace {
    const [network = "", name = ""] = subnet.split("/");
    const id = `${this.idOf("Microsoft.Network/virtualNetworks", network)}/subnets/${name}`;
    const space = this.world.spaces.get(idKey(id));
    if (space === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `subnet ${subnet} does not exist`);
    return space;
  }
}
