import { type Address, type Cidr, cidrFamily, type Family, PodwireError } from "@podwire/core";
import { type AddressSpace, SeededRandom } from "@podwire/testkit";
import { type AddressCommand, changeAddresses } from "./address-life.ts";
import type { ChangedAddresses, Ec2Answer, Ec2Result } from "./answers.ts";
import type { CloudChange, CloudListener } from "./cloud-change.ts";
import { describe, listings } from "./describe.ts";
import { prefixLengths, spaceOf } from "./held.ts";
import { changeInterface, type InterfaceCommand, type InterfaceStep } from "./interface-life.ts";
import { refusalOf } from "./refusals.ts";
import type { DescribeAction, Ec2Command, Ec2Requests } from "./requests.ts";
import { parseScenario, type Scenario, type ScenarioInput } from "./scenario.ts";
import { buildWorld, type CloudState, type FakeInterface, type World } from "./world.ts";

/** EC2's objects and rules, without time, doors or faults. One command at a time, each whole or refused. */
export class Ec2Model {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #listeners = new Set<CloudListener>();

  /** @throws INVALID_DAEMON_CONFIG when the scenario cannot be */
  constructor(scenario: ScenarioInput | Scenario, random: SeededRandom = new SeededRandom(1)) {
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

  /** Free IPv4 addresses as EC2 counts them. @throws CLOUD_NOT_FOUND */
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
      case "UnassignPrivateIpAddresses":
      case "AssignIpv6Addresses":
      case "UnassignIpv6Addresses":
        return this.#changeAddresses(command, atMost);
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
    const what =
      typeof addressesOrCount === "number"
        ? { secondaryPrivateIpAddressCount: addressesOrCount }
        : { privateIpAddresses: addressesOrCount };
    const request = { networkInterfaceId, ...what };
    return this.#byBackDoor({ action: "AssignPrivateIpAddresses", request }).addresses;
  }

  /** Back door. @throws as `assign` */
  assignPrefixes(networkInterfaceId: string, family: Family, count: number): readonly Cidr[] {
    const command: AddressCommand =
      family === 4
        ? { action: "AssignPrivateIpAddresses", request: { networkInterfaceId, ipv4PrefixCount: count } }
        : { action: "AssignIpv6Addresses", request: { networkInterfaceId, ipv6PrefixCount: count } };
    return this.#byBackDoor(command).prefixes;
  }

  /** Back door, for IPv4 addresses. @throws as `assign` */
  unassign(networkInterfaceId: string, privateIpAddresses: readonly Address[]): void {
    this.#byBackDoor({ action: "UnassignPrivateIpAddresses", request: { networkInterfaceId, privateIpAddresses } });
  }

  /** Back door, for prefixes of one family. @throws as `assign` */
  unassignPrefixes(networkInterfaceId: string, prefixes: readonly Cidr[]): void {
    const isIpv4 = prefixes.some((prefix) => cidrFamily(prefix) === 4);
    this.#byBackDoor(
      isIpv4
        ? { action: "UnassignPrivateIpAddresses", request: { networkInterfaceId, ipv4Prefixes: prefixes } }
        : { action: "UnassignIpv6Addresses", request: { networkInterfaceId, ipv6Prefixes: prefixes } },
    );
  }

  /** Somebody else takes addresses so that single ones are free and no /28. Returns what gives them back. */
  fragment(subnetId: string): () => void {
    return this.#space(subnetId).fragment(prefixLengths[4]);
  }

  /** Somebody else takes IPv4 addresses of the subnet until so many are free. Returns what gives them back. */
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

  #changeAddresses(command: AddressCommand, atMost: number): Ec2Result {
    const refusal = refusalOf(command.action, this.#world, command.request as never);
    return refusal === undefined
      ? this.#carryOut(changeAddresses(this.#world, command, atMost), command.action)
      : { refusal };
  }

  #changeInterface(command: InterfaceCommand, atMost: number): Ec2Result {
    const refusal = refusalOf(command.action, this.#world, command.request as never);
    if (refusal !== undefined) return { refusal };
    return this.#carryOut(changeInterface(this.#world, command, { random: this.#random, atMost }), command.action);
  }

  #carryOut({ answer, change }: InterfaceStep, by: string): Ec2Answer {
    if (change !== undefined) this.#notify({ ...change, by });
    return answer;
  }

  /** @throws CLOUD_NOT_FOUND, CLOUD_REJECTED */
  #byBackDoor(command: AddressCommand): ChangedAddresses {
    const refusal = refusalOf(command.action, this.#world, command.request as never);
    if (refusal !== undefined) {
      const code = refusal.code.endsWith(".NotFound") ? "CLOUD_NOT_FOUND" : "CLOUD_REJECTED";
      throw new PodwireError(code, `the fake EC2 refuses: ${refusal.message}`, { details: refusal.code });
    }
    const step = changeAddresses(this.#world, command, Number.POSITIVE_INFINITY);
    return this.#carryOut(step, "back-door").answer as ChangedAddresses;
  }

  #notify(change: CloudChange): void {
    for (const listener of this.#listeners) listener(change, this.state());
  }

  #space(subnetId: string): AddressSpace {
    const space = spaceOf(this.#world, subnetId, 4);
    if (space === undefined) throw new PodwireError("CLOUD_NOT_FOUND", `subnet ${subnetId} does not exist`);
    return space;
  }
}
