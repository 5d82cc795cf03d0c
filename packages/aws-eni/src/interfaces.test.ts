import {
  type CancelSignal,
  type CloudProvider,
  type ErrorCode,
  type InterfaceRequest,
  neverCancelled,
} from "@podwire/core";
import { type FaultEffect, VirtualClock } from "@podwire/testkit";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Ec2Action, Ec2Api } from "./api.ts";
import { createEc2Client, type Ec2Client } from "./client.ts";
import { createAwsProvider } from "./provider.ts";
import { FakeAws, type FakeServer, type ScenarioInput } from "./testing/index.ts";

const options = { signal: neverCancelled };
const single = { family: 4, prefixLength: 32 } as const;
const scope = { clusterName: "blue", networkId: "vpc-1" };
const fail = (code: string): FaultEffect => ({ kind: "fail", code });
const loseAnswer: FaultEffect = { kind: "lose-answer" };

let fake: FakeAws;
let server: FakeServer;
let client: Ec2Client;

beforeEach(async () => {
  fake = new FakeAws({ scenario, clock: new VirtualClock() });
  server = await fake.serveEc2({ host: "127.0.0.1", port: 0 });
  vi.stubEnv("AWS_ENDPOINT_URL_EC2", server.url);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAFAKE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "fake");
  client = createEc2Client({ region: "eu-central-1", callTimeoutMs: 10_000, pageSize: 5 });
});

afterEach(async () => {
  client.close();
  await server.close();
  vi.unstubAllEnvs();
});

/** All that changes something, for one interface with its addresses. */
const steps: readonly Ec2Action[] = [
  "CreateNetworkInterface",
  "AttachNetworkInterface",
  "ModifyNetworkInterfaceAttribute",
];

const doors: readonly { readonly door: string; readonly api: () => Ec2Api }[] = [
  { door: "in-process", api: () => fake.api() },
  { door: "through the SDK over HTTP", api: () => client },
];

describe.each(doors)("creating an interface, $door", ({ api }) => {
  test("creates with the addresses, attaches and modifies, and changes nothing else", async () => {
    const { interface: made, failure } = await create(api(), {});
    expect(failure).toBeUndefined();
    expect(mutations()).toEqual(steps);
    expect(interfaceOf(made.id)).toMatchObject({
      subnetId: "subnet-b",
      attachment: { instanceId: "i-1", deviceIndex: 1, deleteOnTermination: true },
      tags: { "podwire/cluster": "blue", "podwire/instance": "i-1" },
    });
    expect(made).toMatchObject({ role: "secondary", owner: "ours", subnetId: "subnet-b", gateways: { 4: "10.0.2.1" } });
    expect(made.blocks).toHaveLength(3);
    const { interfaces } = await providerOn(api()).describe(fake.nodeRef("i-1"), options);
    expect(interfaces).toContainEqual(made);
  });

  test("several at once get an index each: three calls for each of them, and nothing else that mutates", async () => {
    const provider = providerOn(api());
    const made = await Promise.all([1, 2].map((number) => create(api(), { token: `t${number}` }, { provider })));
    const indexes = made.map(({ interface: { id } }) => interfaceOf(id)?.attachment?.deviceIndex);
    expect(new Set(indexes).size).toBe(2);
    expect([...mutations()].sort()).toEqual([...steps, ...steps].sort());
  });

  test("an interface without blocks has its own address alone", async () => {
    const { interface: made } = await create(api(), { add: [] });
    expect([made.primaryAddresses.length, made.blocks]).toEqual([1, []]);
  });

  const groups = [
    { name: "none: those of the primary interface", asked: [], used: ["sg-nodes"] },
    { name: "named: those", asked: ["sg-pods", "sg-nodes"], used: ["sg-pods", "sg-nodes"] },
  ];
  test.each(groups)("security groups, $name", async ({ asked, used }) => {
    const { interface: made } = await create(api(), { securityGroupIds: asked });
    expect(interfaceOf(made.id)?.securityGroupIds).toEqual(used);
  });

  test("a device index that somebody takes in the meantime: the next free one", async () => {
    const leave = fake.model.subscribe(({ kind }) => {
      if (kind !== "created") return;
      leave();
      const place = { networkInterfaceId: "eni-free", instanceId: "i-1", deviceIndex: 1 };
      fake.model.perform({ action: "AttachNetworkInterface", request: place });
    });
    const { interface: made } = await create(api(), {});
    expect(interfaceOf(made.id)?.attachment?.deviceIndex).toBe(3);
    expect(mutations()).toEqual([
      "CreateNetworkInterface",
      "AttachNetworkInterface",
      "AttachNetworkInterface",
      "ModifyNetworkInterfaceAttribute",
    ]);
  });

  test("attached, but the answer was lost: a describe tells, and it goes on", async () => {
    fake.faults.add({ action: "AttachNetworkInterface", when: { nth: 1 }, effect: loseAnswer });
    const { interface: made } = await create(api(), {});
    expect(interfaceOf(made.id)?.attachment?.deleteOnTermination).toBe(true);
    expect(mutations()).toHaveLength(3);
  });

  test("fewer addresses than asked for are told with a reason", async () => {
    fake.faults.add({ action: "CreateNetworkInterface", when: "always", effect: { kind: "partial", atMost: 1 } });
    const { interface: made, failure } = await create(api(), {});
    expect(made.blocks).toHaveLength(1);
    expect(failure).toMatchObject({ code: "CLOUD_CONFLICT", message: `${made.id} got 1 of 3 blocks asked for` });
  });

  const takenBack: readonly { action: Ec2Action; effect: FaultEffect; code: ErrorCode; undone: string[] }[] = [
    { action: "CreateNetworkInterface", effect: fail("RequestLimitExceeded"), code: "CLOUD_THROTTLED", undone: [] },
    { action: "CreateNetworkInterface", effect: fail("InsufficientCidrBlocks"), code: "SUBNET_EXHAUSTED", undone: [] },
    {
      action: "AttachNetworkInterface",
      effect: fail("UnauthorizedOperation"),
      code: "CLOUD_PERMISSION",
      undone: ["DeleteNetworkInterface"],
    },
    {
      action: "AttachNetworkInterface",
      effect: fail("AttachmentLimitExceeded"),
      code: "INTERFACE_LIMIT",
      undone: ["DeleteNetworkInterface"],
    },
    {
      action: "AttachNetworkInterface",
      effect: fail("InternalError"),
      code: "CLOUD_OUTCOME_UNKNOWN",
      undone: ["DeleteNetworkInterface"],
    },
    {
      action: "ModifyNetworkInterfaceAttribute",
      effect: fail("RequestLimitExceeded"),
      code: "CLOUD_THROTTLED",
      undone: ["DetachNetworkInterface", "DeleteNetworkInterface"],
    },
    {
      action: "ModifyNetworkInterfaceAttribute",
      effect: loseAnswer,
      code: "CLOUD_OUTCOME_UNKNOWN",
      undone: ["DetachNetworkInterface", "DeleteNetworkInterface"],
    },
  ];
  test.each(takenBack)("$action failing with $effect.kind $effect.code: $code, and nothing is left", async (row) => {
    const before = fake.model.state();
    fake.faults.add({ action: row.action, when: { nth: 1 }, effect: row.effect });
    await expect(create(api(), {})).rejects.toMatchObject({ code: row.code });
    expect(fake.model.state()).toEqual(before);
    const upTo = steps.slice(0, steps.indexOf(row.action) + 1);
    expect(mutations()).toEqual([...upTo, ...row.undone]);
  });

  test("what cannot be taken back is of unknown outcome, and an orphan", async () => {
    fake.faults.add({ action: "AttachNetworkInterface", when: { nth: 1 }, effect: fail("UnauthorizedOperation") });
    fake.faults.add({ action: "DeleteNetworkInterface", when: { nth: 1 }, effect: fail("RequestLimitExceeded") });
    await expect(create(api(), {})).rejects.toMatchObject({
      code: "CLOUD_OUTCOME_UNKNOWN",
      details: expect.stringMatching(
        /ec2:AttachNetworkInterface: UnauthorizedOperation.*; taking it back: cannot delete/,
      ),
    });
    expect(await providerOn(api()).orphans(scope, options)).toHaveLength(1);
  });

  test("created, but the answer was lost: the orphan can be found and deleted", async () => {
    fake.faults.add({ action: "CreateNetworkInterface", when: { nth: 1 }, effect: loseAnswer });
    await expect(create(api(), {})).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
    const provider = providerOn(api());
    const orphans = await provider.orphans(scope, options);
    expect(orphans).toEqual([{ id: expect.any(String), node: { cloud: "aws", id: "i-1" } }]);
    for (const orphan of orphans) await provider.deleteInterface(orphan, options);
    expect(await provider.orphans(scope, options)).toEqual([]);
  });

  test("aborted half-way: unknown outcome, and nothing is sent any more", async () => {
    const controller = new AbortController();
    const matching = () => {
      controller.abort();
      return false;
    };
    fake.faults.add({ action: "AttachNetworkInterface", when: { matching }, effect: loseAnswer });
    const made = create(api(), {}, { signal: controller.signal });
    await expect(made).rejects.toMatchObject({ code: "CLOUD_OUTCOME_UNKNOWN" });
    expect(mutations()).toEqual(["CreateNetworkInterface", "AttachNetworkInterface"]);
  });

  test("an instance that holds all it can is not tried", async () => {
    await create(api(), {});
    await create(api(), {});
    fake.log.clear();
    await expect(create(api(), {})).rejects.toMatchObject({
      code: "INTERFACE_LIMIT",
      message: "i-1 holds 4 interfaces, all that m5.xlarge allows",
    });
    expect(mutations()).toEqual([]);
  });

  const unsupported = [
    { name: "a kind that EC2 does not have", add: [{ kind: { family: 4, prefixLength: 27 }, count: 1 }] },
    { name: "single IPv6 addresses", add: [{ kind: { family: 6, prefixLength: 128 }, count: 1 }] },
    {
      name: "two kinds of one family",
      add: [
        { kind: single, count: 1 },
        { kind: { family: 4, prefixLength: 28 }, count: 1 },
      ],
    },
  ] as const;
  test.each(unsupported)("$name: refused before anything is made", async ({ add }) => {
    await expect(create(api(), { add })).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    expect(mutations()).toEqual([]);
  });

  test("prefixes of both families come with the interface, in the same three calls", async () => {
    const add = [
      { kind: { family: 4, prefixLength: 28 }, count: 2 },
      { kind: { family: 6, prefixLength: 80 }, count: 1 },
    ] as const;
    const { interface: made, failure } = await create(api(), { add, pool: "web" });
    expect(failure).toBeUndefined();
    expect(mutations()).toEqual(steps);
    expect(made).toMatchObject({
      pool: "web",
      blocks: ["10.0.2.16/28", "10.0.2.32/28", "2001:db8:0:2:1::/80"],
      gateways: { 4: "10.0.2.1", 6: "fe80:ec2::1" },
    });
    expect(made.primaryAddresses).toHaveLength(1);
    expect(interfaceOf(made.id)?.tags).toMatchObject({ "podwire/pool": "web" });
  });
});

describe.each(doors)("deleting an interface, $door", ({ api }) => {
  test("detaches and deletes", async () => {
    const { interface: made } = await create(api(), {});
    fake.log.clear();
    await providerOn(api()).deleteInterface({ id: made.id, node: fake.nodeRef("i-1") }, options);
    expect([mutations(), interfaceOf(made.id)]).toEqual([
      ["DetachNetworkInterface", "DeleteNetworkInterface"],
      undefined,
    ]);
  });

  test("absent is success", async () => {
    await providerOn(api()).deleteInterface({ id: "eni-0", node: fake.nodeRef("i-1") }, options);
    expect(mutations()).toEqual([]);
  });

  const refused = [
    { id: "eni-1", reason: "the primary interface" },
    { id: "eni-2", reason: "not podwire's" },
    { id: "eni-free", reason: "not podwire's" },
    { id: "eni-other", reason: "held by i-2, not by i-1" },
  ];
  test.each(refused)("$id is not touched: $reason", async ({ id, reason }) => {
    const deleted = providerOn(api()).deleteInterface({ id, node: fake.nodeRef("i-1") }, options);
    await expect(deleted).rejects.toMatchObject({
      code: "CLOUD_CONFLICT",
      message: `${id} is not deleted, it is ${reason}`,
    });
    expect(mutations()).toEqual([]);
  });

  test("detached and not deleted is of unknown outcome, and an orphan", async () => {
    const { interface: made } = await create(api(), {});
    fake.faults.add({ action: "DeleteNetworkInterface", when: { nth: 1 }, effect: fail("RequestLimitExceeded") });
    const ref = { id: made.id, node: fake.nodeRef("i-1") };
    await expect(providerOn(api()).deleteInterface(ref, options)).rejects.toMatchObject({
      code: "CLOUD_OUTCOME_UNKNOWN",
    });
    const orphans = await providerOn(api()).orphans(scope, options);
    expect(orphans).toEqual([{ id: made.id, node: { cloud: "aws", id: "i-1" } }]);
  });
});

test("an interface is deleted only once EC2 shows it free", async () => {
  const clock = fake.clock as VirtualClock;
  const { interface: made } = await create(fake.api(), {});
  const [attached] = await fake.api().describeNetworkInterfaces({ networkInterfaceIds: [made.id] }, options);
  let lagging = 3;
  const api: Ec2Api = {
    ...fake.api(),
    describeNetworkInterfaces: async (input, callOptions) =>
      lagging-- > 0 && attached !== undefined ? [attached] : fake.api().describeNetworkInterfaces(input, callOptions),
  };
  const deleted = providerOn(api).deleteInterface({ id: made.id, node: fake.nodeRef("i-1") }, options);
  await clock.advance(1_999);
  expect(mutations()).not.toContain("DeleteNetworkInterface");
  await clock.advance(1);
  await deleted;
  expect(interfaceOf(made.id)).toBeUndefined();
});

test("orphans are those of the cluster and the network that podwire made and may manage", async () => {
  const tags = { "podwire/cluster": "blue", "podwire/instance": "i-gone" };
  const orphan = (networkInterfaceId: string, more: object = {}) => ({
    networkInterfaceId,
    subnetId: "subnet-a",
    tags,
    ...more,
  });
  const networkInterfaces = [
    orphan("eni-orphan"),
    orphan("eni-elsewhere", { subnetId: "subnet-z" }),
    orphan("eni-green", { tags: { ...tags, "podwire/cluster": "green" } }),
    orphan("eni-handmade", { tags: { "podwire/cluster": "blue" } }),
    orphan("eni-unmanaged", { tags: { ...tags, "node.k8s.amazonaws.com/no_manage": "true" } }),
  ];
  fake = new FakeAws({ scenario: { ...scenario, networkInterfaces }, clock: new VirtualClock() });
  const orphans = await providerOn(fake.api()).orphans(scope, options);
  expect(orphans).toEqual([{ id: "eni-orphan", node: { cloud: "aws", id: "i-gone" } }]);
});

function providerOn(api: Ec2Api) {
  return createAwsProvider({ api, clock: fake.clock, cluster: "blue" });
}

let tokens = 0;

function create(
  api: Ec2Api,
  more: Partial<InterfaceRequest>,
  { signal, provider }: { readonly signal?: CancelSignal; readonly provider?: CloudProvider } = {},
) {
  tokens += 1;
  const request: InterfaceRequest = {
    token: `token-${tokens}`,
    node: fake.nodeRef("i-1"),
    scope,
    subnetId: "subnet-b",
    pool: "default",
    securityGroupIds: [],
    add: [{ kind: single, count: 3 }],
    ...more,
  };
  return (provider ?? providerOn(api)).createInterface(request, { signal: signal ?? options.signal });
}

function mutations(): readonly Ec2Action[] {
  return fake.log.calls.map(({ action }) => action).filter((action) => !action.startsWith("Describe"));
}

function interfaceOf(id: string) {
  return fake.model.state().interfaces.find((own) => own.networkInterfaceId === id);
}

const ours = { "podwire/cluster": "blue", "podwire/instance": "i-1" };

const scenario: ScenarioInput = {
  vpcs: [
    {
      vpcId: "vpc-1",
      cidrBlocks: ["10.0.0.0/16"],
      ipv6CidrBlocks: ["2001:db8::/56"],
      securityGroupIds: ["sg-default", "sg-nodes", "sg-pods"],
    },
    { vpcId: "vpc-2", cidrBlocks: ["10.0.0.0/16"] },
  ],
  subnets: [
    { subnetId: "subnet-a", vpcId: "vpc-1", availabilityZone: "zone-a", cidrBlock: "10.0.1.0/24" },
    {
      subnetId: "subnet-b",
      vpcId: "vpc-1",
      availabilityZone: "zone-a",
      cidrBlock: "10.0.2.0/24",
      ipv6CidrBlock: "2001:db8:0:2::/64",
    },
    { subnetId: "subnet-z", vpcId: "vpc-2", availabilityZone: "zone-a", cidrBlock: "10.0.3.0/24" },
  ],
  instances: [
    {
      instanceId: "i-1",
      instanceType: "m5.xlarge",
      subnetId: "subnet-a",
      networkInterfaces: [
        { networkInterfaceId: "eni-1", securityGroupIds: ["sg-nodes"] },
        { networkInterfaceId: "eni-2", deviceIndex: 2 },
      ],
    },
    {
      instanceId: "i-2",
      instanceType: "m5.large",
      subnetId: "subnet-a",
      networkInterfaces: [{}, { networkInterfaceId: "eni-other", tags: ours }],
    },
  ],
  networkInterfaces: [{ networkInterfaceId: "eni-free", subnetId: "subnet-a" }],
};
