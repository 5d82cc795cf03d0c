import { type Address, hostCidr, networkAddress, PodwireError, parseAddress } from "@podwire/core";
import { type AddressSpace, SeededRandom } from "@podwire/testkit";
import type { Ec2Answer, Ec2Result } from "./answers.ts";
import type { CloudChange, CloudListener } from "./cloud-change.ts";
import { describe, listings } from "./describe.ts";
import { changeInterface, type InterfaceCommand } from "./interface-life.ts";
import { refusalOf } from "./refusals.ts";
import type { DescribeAction, Ec2Command, Ec2Requests } from "./requests.ts";
import { parseScenario, type ScenarioInput } from "./scenario.ts";
import { buildWorld, type CloudState, type FakeInterface, type World } from "./world.ts";

/** EC2's objects and rules, without time, doors or faults. One command at a time, each whole or refused. */
export class Ec2Model {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #listeners = new Set<CloudListener>();

  /** @throws INVALID_DAEMON_CONFIG when the scenario cannot be */
  constructor(scenario: ScenarioInput, random: SeededRandom = new SeededRandom(1)) {
    this.#random = random;
    this.#world = buildWorld(parseScenario(scenario), random);
  }

  /** Everything that stands, as plain data that later changes do not touch. */
  state(): CloudState {
    const { region, accountId, vpcs, subnets, instances, interfaces } = this.#world;
    return {
      region,
      accountId,
      vpcs: [...vpcs.values()],
      subnets: [...subnets.values()],
      instances: [...instances.values()],
      interfaces: [...interfaces.values()],
    };
  }

  /** Free addresses as EC2 counts them. @throws CLOUD_NOT_FOUND */
  freeAddresses(subnetId: string): number {
    return this.#space(subnetId).freeCount;
  }

  /** Calls the listener inside every change, after it. Returns what ends that. */
  subscribe(listener: CloudListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param atMost cuts an assignment by count short, which EC2 itself never does */
  perform(command: Ec2Command, atMost = Number.POSITIVE_INFINITY): Ec2Result {
    switch (command.action) {
      case "AssignPrivateIpAddresses":
        return this.#assignAsAsked(command, atMost);
      case "UnassignPrivateIpAddresses":
        return this.#unassignAsAsked(command);
      case "CreateNetworkInterface":
      case "AttachNetworkInterface":
      case "ModifyNetworkInterfaceAttribute":
      case "DetachNetworkInterface":
      case "DeleteNetworkInterface":
        return this.#changeInterface(command, atMost);
      case "DescribeInstanceTypes":
        return this.#describe(command.action, command.request);
      case "DescribeNetworkInterfaces":
        return this.#describe(command.action, command.request);
      case "DescribeSubnets":
        return this.#describe(command.action, command.request);
      case "DescribeVpcs":
        return this.#describe(command.action, command.request);
    }
  }

  /** As if the interfaces were these: a listing that lags. */
  describeInterfaces(
    request: Ec2Requests["DescribeNetworkInterfaces"],
    interfaces: ReadonlyMap<string, FakeInterface>,
  ): Ec2Result {
    return this.#describe("DescribeNetworkInterfaces", request, { ...this.#world, interfaces: new Map(interfaces) });
  }

  /** Back door: what a person does in the console. @throws CLOUD_NOT_FOUND, CLOUD_REJECTED with EC2's reason */
  assign(networkInterfaceId: string, addressesOrCount: readonly Address[] | number): readonly Address[] {
    const request =
      typeof addressesOrCount === "number"
        ? { networkInterfaceId, secondaryPrivateIpAddressCount: addressesOrCount }
        : { networkInterfaceId, privateIpAddresses: addressesOrCount };
    this.#mustPass("AssignPrivateIpAddresses", request);
    return this.#assign(request, "back-door");
  }

  /** Back door. @throws as `assign` */
  unassign(networkInterfaceId: string, privateIpAddresses: readonly Address[]): void {
    const request = { networkInterfaceId, privateIpAddresses };
    this.#mustPass("UnassignPrivateIpAddresses", request);
    this.#unassign(request, "back-door");
  }

  /** Somebody else takes addresses of the subnet until so many are free. Returns what gives them back. */
  occupy(subnetId: string, leaveFree: number): () => void {
    const space = this.#space(subnetId);
    const taken = Array.from({ length: Math.max(space.freeCount - leaveFree, 0) }, () => space.take(32));
    return () => {
      for (const cidr of taken) if (cidr !== undefined) space.release(cidr);
    };
  }

  #describe<A extends DescribeAction>(action: A, request: Ec2Requests[A], world = this.#world): Ec2Result {
    const refusal = refusalOf(action, world, request);
    if (refusal !== undefined) return { refusal };
    return { action, answer: describe(listings[action], world, request) } as Ec2Answer;
  }

  #assignAsAsked(
    { action, request }: Extract<Ec2Command, { action: "AssignPrivateIpAddresses" }>,
    atMost: number,
  ): Ec2Result {
    const refusal = refusalOf(action, this.#world, request);
    if (refusal !== undefined) return { refusal };
    const count = request.secondaryPrivateIpAddressCount;
    const cut = count === undefined ? request : { ...request, secondaryPrivateIpAddressCount: Math.min(count, atMost) };
    const assigned = this.#assign(cut, action);
    return { action, answer: { networkInterfaceId: request.networkInterfaceId, assigned } };
  }

  #unassignAsAsked({ action, request }: Extract<Ec2Command, { action: "UnassignPrivateIpAddresses" }>): Ec2Result {
    const refusal = refusalOf(action, this.#world, request);
    if (refusal !== undefined) return { refusal };
    this.#unassign(request, action);
    return { action, answer: { networkInterfaceId: request.networkInterfaceId } };
  }

  #changeInterface(command: InterfaceCommand, atMost: number): Ec2Result {
    const refusal = refusalOf(command.action, this.#world, command.request as never);
    if (refusal !== undefined) return { refusal };
    const { answer, change } = changeInterface(this.#world, command, { random: this.#random, atMost });
    if (change !== undefined) this.#notify({ ...change, by: command.action });
    return answer;
  }

  /** The request has passed the refusals. */
  #assign(request: Ec2Requests["AssignPrivateIpAddresses"], by: string): readonly Address[] {
    const own = this.#interface(request.networkInterfaceId);
    const space = this.#space(own.subnetId);
    const named = (request.privateIpAddresses ?? []).map((text) => parseAddress(text));
    const fresh = named.filter((address) => space.claim(hostCidr(address)));
    for (let i = 0; i < (request.secondaryPrivateIpAddressCount ?? 0); i++) {
      const taken = space.take(32);
      if (taken !== undefined) fresh.push(networkAddress(taken));
    }
    const secondaryAddresses = [...own.secondaryAddresses, ...fresh];
    this.#world.interfaces.set(own.networkInterfaceId, { ...own, secondaryAddresses });
    if (fresh.length > 0) {
      this.#notify({ kind: "assigned", networkInterfaceId: own.networkInterfaceId, addresses: fresh, by });
    }
    return named.length > 0 ? named : fresh;
  }

  /** The request has passed the refusals. */
  #unassign(request: Ec2Requests["UnassignPrivateIpAddresses"], by: string): void {
    const own = this.#interface(request.networkInterfaceId);
    const gone = new Set<string>(request.privateIpAddresses);
    const addresses = own.secondaryAddresses.filter((address) => gone.has(address));
    for (const address of addresses) this.#space(own.subnetId).release(hostCidr(address));
    const secondaryAddresses = own.secondaryAddresses.filter((address) => !gone.has(address));
    this.#world.interfaces.set(own.networkInterfaceId, { ...own, secondaryAddresses });
    if (addresses.length === 0) return;
    this.#notify({ kind: "unassigned", networkInterfaceId: own.networkInterfaceId, addresses, by });
  }

  #mustPass<A extends "AssignPrivateIpAddresses" | "UnassignPrivateIpAddresses">(action: A, request: Ec2Requests[A]) {
    const refusal = refusalOf(action, this.#world, request);
    if (refusal === undefined) return;
    const code = refusal.code.endsWith(".NotFound") ? "CLOUD_NOT_FOUND" : "CLOUD_REJECTED";
    throw new PodwireError(code, `the fake EC2 refuses: ${refusal.message}`, { details: refusal.code });
  }

  #notify(change: CloudChange): void {
    for (const listener of this.#listeners) listener(change, this.state());
  }

  #interface(id: string): FakeInterface {
    return this.#world.interfaces.get(id) as FakeInterface;
  }

  #space(subnetId: string): AddressSpace {
    const space = this.#world.spaces.get(subnetId);
    if (space === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `subnet ${subnetId} does not exist`);
    return space;
  }
}
