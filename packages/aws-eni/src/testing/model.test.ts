import { type Address, addressAt, containsAddress, hostCidr, parseAddress, parseCidr } from "@podwire/core";
import { SeededRandom } from "@podwire/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CloudChange } from "./cloud-change.ts";
import { Ec2Model } from "./model.ts";
import type { Ec2Command } from "./requests.ts";
import type { ScenarioInput } from "./scenario.ts";
import type { FakeInterface } from "./world.ts";

describe("addresses", () => {
  test("every address is on one interface, in its subnet, and counted, over any sequence of calls", () => {
    fc.assert(
      fc.property(fc.array(commandArbitrary, { maxLength: 60 }), (commands) => {
        const model = new Ec2Model(scenario);
        for (const command of commands) {
          model.perform(command);
          assertSound(model);
        }
      }),
    );
  });

  test("an assignment by count is whole, and names what was assigned", () => {
    const model = new Ec2Model(scenario);
    const result = model.perform(assignment("eni-1", 3));
    expect(result).toEqual({
      action: "AssignPrivateIpAddresses",
      answer: { networkInterfaceId: "eni-1", addresses: ["10.0.0.6", "10.0.0.7", "10.0.0.8"], prefixes: [] },
    });
    expect(secondariesOf(model, "eni-1")).toEqual(["10.0.0.6", "10.0.0.7", "10.0.0.8"]);
  });

  test("an address that was unassigned is the next to be assigned, to whoever asks", () => {
    const model = new Ec2Model(scenario);
    const [address] = model.assign("eni-1", 2) as [Address];
    model.unassign("eni-1", [address]);
    expect(model.assign("eni-2", 1)).toEqual([address]);
  });

  test("assigning an address again to the interface that has it is success", () => {
    const model = new Ec2Model(scenario);
    const address = parseAddress("10.0.0.20");
    expect([model.assign("eni-1", [address]), model.assign("eni-1", [address])]).toEqual([[address], [address]]);
    expect(secondariesOf(model, "eni-1")).toEqual([address]);
  });

  test("the back door refuses what EC2 refuses", () => {
    const model = new Ec2Model(scenario);
    expect(() => model.assign("eni-9", 1)).toThrow(expect.objectContaining({ code: "CLOUD_NOT_FOUND" }));
    expect(() => model.assign("eni-1", 99)).toThrow(expect.objectContaining({ code: "CLOUD_REJECTED" }));
    expect(() => model.unassign("eni-1", [parseAddress("10.0.0.99")])).toThrow(/not assigned/);
  });

  test("what others occupy comes back when they leave", () => {
    const model = new Ec2Model(scenario);
    const before = model.freeAddresses("subnet-1");
    const leave = model.occupy("subnet-1", 1);
    expect(model.freeAddresses("subnet-1")).toBe(1);
    expect(model.perform(assignment("eni-1", 2))).toHaveProperty("refusal.code", "InsufficientFreeAddressesInSubnet");
    leave();
    expect(model.freeAddresses("subnet-1")).toBe(before);
  });
});

describe("prefixes", () => {
  test("are aligned, hold 16 addresses, and their addresses are not given to others", () => {
    const model = new Ec2Model(scenario);
    const free = model.freeAddresses("subnet-1");
    expect(model.assignPrefixes("eni-1", 4, 2)).toEqual(["10.0.0.16/28", "10.0.0.32/28"]);
    expect(model.freeAddresses("subnet-1")).toBe(free - 32);
    expect(model.assign("eni-2", 1)).toEqual(["10.0.0.6"]);
    const inside = { networkInterfaceId: "eni-2", privateIpAddresses: ["10.0.0.20"] };
    expect(model.perform({ action: "AssignPrivateIpAddresses", request: inside })).toHaveProperty("refusal");
  });

  test("come and go beside addresses, and listeners hear of both", () => {
    const model = new Ec2Model(scenario);
    const heard: CloudChange[] = [];
    model.subscribe((change) => heard.push(change));
    const prefixes = [...model.assignPrefixes("eni-1", 4, 1), ...model.assignPrefixes("eni-1", 6, 1)];
    model.unassignPrefixes("eni-1", prefixes.slice(0, 1));
    model.unassignPrefixes("eni-1", prefixes.slice(1));
    const change = { networkInterfaceId: "eni-1", addresses: [], by: "back-door" };
    expect(heard).toEqual([
      { ...change, kind: "assigned", prefixes: ["10.0.0.16/28"] },
      { ...change, kind: "assigned", prefixes: ["2001:db8:0:0:1::/80"] },
      { ...change, kind: "unassigned", prefixes: ["10.0.0.16/28"] },
      { ...change, kind: "unassigned", prefixes: ["2001:db8:0:0:1::/80"] },
    ]);
  });

  test("a fragmented subnet has addresses and no prefix, until the others leave", () => {
    const model = new Ec2Model(scenario);
    const leave = model.fragment("subnet-1");
    expect(() => model.assignPrefixes("eni-1", 4, 1)).toThrow(/free cidr blocks/);
    expect(model.assign("eni-1", 2)).toHaveLength(2);
    leave();
    expect(model.assignPrefixes("eni-1", 4, 1)).toHaveLength(1);
  });

  test("all that a deleted interface held is free again", () => {
    const model = new Ec2Model(scenario);
    const free = model.freeAddresses("subnet-1");
    const request = { subnetId: "subnet-1", ipv4PrefixCount: 1, ipv6PrefixCount: 1 };
    model.perform({ action: "CreateNetworkInterface", request });
    const networkInterfaceId = model.state().interfaces.at(-1)?.networkInterfaceId ?? "";
    model.perform({ action: "DeleteNetworkInterface", request: { networkInterfaceId } });
    expect(model.freeAddresses("subnet-1")).toBe(free);
    expect(model.assignPrefixes("eni-1", 6, 1)).toEqual(["2001:db8:0:0:1::/80"]);
  });
});

describe("listeners", () => {
  test("hear of every change after it, with the new state, whichever door it came by", () => {
    const model = new Ec2Model(scenario);
    const heard: (CloudChange & { readonly held: readonly Address[] | undefined })[] = [];
    const leave = model.subscribe((change, { interfaces }) => {
      const own = interfaces.find((one) => one.networkInterfaceId === change.networkInterfaceId);
      heard.push({ ...change, held: own?.secondaryAddresses });
    });
    model.perform(assignment("eni-1", 1));
    model.unassign("eni-1", [parseAddress("10.0.0.6")]);
    leave();
    model.assign("eni-1", 1);
    const addresses = ["10.0.0.6"];
    expect(heard).toEqual([
      { kind: "assigned", networkInterfaceId: "eni-1", addresses, by: "AssignPrivateIpAddresses", held: addresses },
      { kind: "unassigned", networkInterfaceId: "eni-1", addresses, by: "back-door", held: [] },
    ]);
  });

  test("do not hear of what changed nothing", () => {
    const model = new Ec2Model(scenario);
    model.subscribe(() => expect.unreachable());
    model.perform(assignment("eni-1", 99));
    model.perform({ action: "DescribeVpcs", request: {} });
  });
});

test("a state that was taken does not change afterwards", () => {
  const model = new Ec2Model(scenario);
  const before = model.state();
  const copy = structuredClone(before);
  model.assign("eni-1", 3);
  expect(before).toEqual(copy);
});

test("the same seed gives the same ids and MAC addresses", () => {
  const anonymous: ScenarioInput = { ...scenario, instances: [{ instanceType: "m5.large", subnetId: "subnet-1" }] };
  const stateOf = (seed: number) => new Ec2Model(anonymous, new SeededRandom(seed)).state();
  expect(stateOf(5)).toEqual(stateOf(5));
  expect(stateOf(5).interfaces).not.toEqual(stateOf(6).interfaces);
  const [own] = stateOf(5).interfaces;
  expect(own?.networkInterfaceId).toMatch(/^eni-[0-9a-f]{17}$/);
  expect(own?.macAddress).toMatch(/^02:/);
});

describe("listings", () => {
  const list = (request: object) => {
    const result = new Ec2Model(scenario).perform({ action: "DescribeNetworkInterfaces", request });
    if (!("action" in result) || result.action !== "DescribeNetworkInterfaces") throw new Error(JSON.stringify(result));
    return result.answer.items.map((own) => own.networkInterfaceId);
  };
  const rows = [
    { name: "by instance", filters: [{ name: "attachment.instance-id", values: ["i-1"] }], ids: ["eni-1", "eni-2"] },
    {
      name: "any of several values",
      filters: [{ name: "network-interface-id", values: ["eni-1", "eni-3"] }],
      ids: ["eni-1", "eni-3"],
    },
    { name: "by tag", filters: [{ name: "tag:podwire/cluster", values: ["blue"] }], ids: ["eni-2"] },
    { name: "by tag key", filters: [{ name: "tag-key", values: ["podwire/*"] }], ids: ["eni-2"] },
    {
      name: "by wildcard",
      filters: [{ name: "network-interface-id", values: ["eni-?"] }],
      ids: ["eni-1", "eni-2", "eni-3"],
    },
    { name: "a dot is a dot", filters: [{ name: "private-ip-address", values: ["10.0.0?4"] }], ids: ["eni-1"] },
    {
      name: "an escaped wildcard is itself",
      filters: [{ name: "network-interface-id", values: ["eni-\\?"] }],
      ids: [],
    },
    {
      name: "two filters must both match",
      filters: [
        { name: "attachment.instance-id", values: ["i-1"] },
        { name: "attachment.device-index", values: ["1"] },
      ],
      ids: ["eni-2"],
    },
    { name: "no value matches nothing", filters: [{ name: "subnet-id", values: [] }], ids: [] },
  ];
  test.each(rows)("$name", ({ filters, ids }) => expect(list({ filters })).toEqual(ids));

  test("pages hold every object once, whatever their size", () => {
    const many = Array.from({ length: 23 }, () => ({ instanceType: "m5.large", subnetId: "subnet-1" }));
    const model = new Ec2Model({ ...scenario, instances: many });
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 30 }), (maxResults) => {
        const ids: string[] = [];
        let token: string | undefined;
        do {
          const request = { maxResults, ...(token === undefined ? {} : { nextToken: token }) };
          const result = model.perform({ action: "DescribeNetworkInterfaces", request });
          if (!("action" in result) || result.action !== "DescribeNetworkInterfaces") throw new Error("refused");
          ids.push(...result.answer.items.map((own) => own.networkInterfaceId));
          expect(result.answer.items.length).toBeLessThanOrEqual(maxResults);
          token = result.answer.nextToken;
        } while (token !== undefined);
        expect(ids).toEqual([...model.state().interfaces.map((own) => own.networkInterfaceId)].sort());
      }),
    );
  });
});

const scenario: ScenarioInput = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"], ipv6CidrBlocks: ["2001:db8::/56"] }],
  subnets: [
    {
      subnetId: "subnet-1",
      vpcId: "vpc-1",
      availabilityZone: "zone-a",
      cidrBlock: "10.0.0.0/26",
      ipv6CidrBlock: "2001:db8::/64",
      occupied: ["10.0.0.48/28"],
    },
    { subnetId: "subnet-2", vpcId: "vpc-1", availabilityZone: "zone-b", cidrBlock: "10.0.2.0/28" },
  ],
  instances: [
    {
      instanceId: "i-1",
      instanceType: "m5.large",
      subnetId: "subnet-1",
      networkInterfaces: [
        { networkInterfaceId: "eni-1" },
        { networkInterfaceId: "eni-2", tags: { "podwire/cluster": "blue" } },
      ],
    },
    {
      instanceId: "i-2",
      instanceType: "m5.4xlarge",
      subnetId: "subnet-2",
      networkInterfaces: [{ networkInterfaceId: "eni-3" }],
    },
  ],
};

const anyInterface = fc.constantFrom("eni-1", "eni-2", "eni-3");
const anyAddress = fc
  .tuple(fc.constantFrom(0, 2), fc.nat(70))
  .map(([third, last]) => parseAddress(`10.0.${third}.${last}`));

const commandArbitrary: fc.Arbitrary<Ec2Command> = fc.oneof(
  fc.tuple(anyInterface, fc.integer({ min: 0, max: 12 })).map(([id, count]) => assignment(id, count)),
  fc.tuple(anyInterface, fc.uniqueArray(anyAddress, { minLength: 1, maxLength: 4 })).map(
    ([networkInterfaceId, privateIpAddresses]): Ec2Command => ({
      action: "AssignPrivateIpAddresses",
      request: { networkInterfaceId, privateIpAddresses },
    }),
  ),
  fc.tuple(anyInterface, fc.uniqueArray(anyAddress, { minLength: 1, maxLength: 3 })).map(
    ([networkInterfaceId, privateIpAddresses]): Ec2Command => ({
      action: "UnassignPrivateIpAddresses",
      request: { networkInterfaceId, privateIpAddresses },
    }),
  ),
  fc.tuple(anyInterface, fc.integer({ min: 0, max: 2 })).map(
    ([networkInterfaceId, ipv4PrefixCount]): Ec2Command => ({
      action: "AssignPrivateIpAddresses",
      request: { networkInterfaceId, ipv4PrefixCount },
    }),
  ),
  fc.tuple(anyInterface, fc.constantFrom(0, 16, 32)).map(
    ([networkInterfaceId, last]): Ec2Command => ({
      action: "UnassignPrivateIpAddresses",
      request: { networkInterfaceId, ipv4Prefixes: [`10.0.0.${last}/28`] },
    }),
  ),
);

function assignment(networkInterfaceId: string, secondaryPrivateIpAddressCount: number): Ec2Command {
  return { action: "AssignPrivateIpAddresses", request: { networkInterfaceId, secondaryPrivateIpAddressCount } };
}

function secondariesOf(model: Ec2Model, id: string): readonly Address[] | undefined {
  return model.state().interfaces.find((own) => own.networkInterfaceId === id)?.secondaryAddresses;
}

/** Every IPv4 address that the interface has, those of its prefixes too. */
function addressesOf(own: FakeInterface): readonly Address[] {
  const inPrefixes = own.ipv4Prefixes.flatMap((prefix) =>
    Array.from({ length: 16 }, (_, index) => addressAt(prefix, BigInt(index))),
  );
  return [own.privateIpAddress, ...own.secondaryAddresses, ...inPrefixes];
}

/** The first four addresses and the last of a subnet are AWS's. */
function assertSound(model: Ec2Model): void {
  const { interfaces, subnets } = model.state();
  const all = interfaces.flatMap(addressesOf);
  expect(new Set(all).size).toBe(all.length);
  for (const { subnetId, cidrBlock } of subnets) {
    const here = interfaces.filter((own) => own.subnetId === subnetId).flatMap(addressesOf);
    expect(here.every((address) => containsAddress(cidrBlock, address))).toBe(true);
    // Of subnet-1 the upper quarter is occupied, AWS's own last address among it.
    const free = subnetId === "subnet-1" ? 64 - 16 - 4 : 16 - 5;
    expect(model.freeAddresses(subnetId)).toBe(free - here.length);
  }
  for (const reserved of ["10.0.0.0", "10.0.0.3", "10.0.0.63", "10.0.2.15"].map((text) => parseAddress(text))) {
    expect(all).not.toContain(reserved);
  }
  const occupied = parseCidr("10.0.0.48/28");
  expect(all.map(hostCidr).filter((cidr) => containsAddress(occupied, parseAddress(cidr.split("/")[0] ?? "")))).toEqual(
    [],
  );
  expect(
    interfaces.every(
      (own) =>
        own.secondaryAddresses.length + own.ipv4Prefixes.length < (own.attachment?.instanceId === "i-1" ? 10 : 30),
    ),
  ).toBe(true);
}
