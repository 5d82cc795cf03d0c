import { neverCancelled } from "@podwire/core";
import {
  type ContractCall,
  type ContractFault,
  FaultPlan,
  type ProviderPlace,
  providerContract,
  VirtualClock,
} from "@podwire/testkit";
import { describe, test } from "vitest";
import type { ArmAction, ArmApi } from "./api.ts";
import { blocksOf } from "./blocks.ts";
import { createArmClient } from "./client.ts";
import { createOwnedNames } from "./owned-name.ts";
import { createAzureProvider } from "./provider.ts";
import { FakeAzure, type FakeAzureBehaviour } from "./testing/fake-azure.ts";
import type { ScenarioInput } from "./testing/scenario.ts";

const _options = { signal: neverCancelled };

describe("the provider contract, in-process", () => {
  providerContract({ test, createPlace: () => createPlace(inProcess) });
});

describe("the provider contract, by the real SDK over HTTPS", () => {
  providerContract({ test, createPlace: () => createPlace(onTheWire) });
});

describe("the provider contract where a full subnet is told by the operation's end", () => {
  providerContract({ test, createPlace: () => createPlace(inProcess, { refusesInOperation: true }) });
});

const scenario: ScenarioInput = {
  virtualNetworks: [
    {
      name: "net",
      addressPrefixes: ["10.0.0.0/16", "2001:db8::/48"],
      subnets: [{ name: "nodes", addressPrefixes: ["10.0.0.0/22"] }],
    },
    { name: "other", addressPrefixes: ["10.1.0.0/16"], subnets: [{ name: "nodes", addressPrefixes: ["10.1.0.0/24"] }] },
  ],
  virtualMachines: [
    {
      name: "vm-1",
      networkInterfaces: [
        { name: "nic-1", subnet: "net/nodes" },
        { name: "nic-2", subnet: "net/nodes" },
      ],
    },
  ],
};

type Door = (fake: FakeAzure) => Promise<{ readonly api: ArmApi; readonly close: () => Promise<void> }>;

const inProcess: Door = async (fake) => ({ api: fake.api(), close: async () => {} });

const onTheWire: Door = async (fake) => {
  const server = await fake.serveRest({ host: "127.0.0.1", port: 0 });
  const credential = { getToken: async () => ({ token: "fake", expiresOnTimestamp: 4_102_444_800_000 }) };
  const { url: endpoint, certificate: ca } = server;
  return { api: createArmClient({ callTimeoutMs: 10_000, credential, endpoint, ca }), close: () => server.close() };
};

async function createPlace(openDoor: Door, behaviour: FakeAzureBehaviour = {}): Promise<ProviderPlace> {
  const faults = new FaultPlan();
  const clock = new VirtualClock();
  const fake = new FakeAzure({ scenario, clock, faults, behaviour });
  const { api, close } = await openDoor(fake);
  const names = createOwnedNames("blue");
  return {
    provider: createAzureProvider({ api, clock, cluster: "blue" }),
    node: fake.nodeRef("vm-1"),
    clock,
    foreignInterfaceId: fake.model.interface("nic-2").id,
    blocksOf: (id) => blocksOf(fake.model.interface(id.split("/").at(-1) ?? ""), names),
    occupy: (leaveFree) => fake.model.occupy("net/nodes", leaveFree),
    fragment: () => fake.model.fragment("net/nodes"),
    mutationCount: () => fake.log.calls.filter(({ action }) => action.endsWith("createOrUpdate")).length,
    inject: (call, fault) => {
      const effect =
        fault === "answer-lost"
          ? ({ kind: "lose-answer" } as const)
          : ({ kind: "fail", code: vendorCodes[fault], retryAfterMs: 7000 } as const);
      faults.add({ action: actionOf[call], when: { nth: 1 }, effect });
    },
    stall: (call) =>
      new Promise((resolve) => {
        const matching = () => {
          resolve();
          return true;
        };
        faults.add({ action: actionOf[call], when: { matching }, effect: { kind: "delay", delayMs: 1_000 }, times: 1 });
      }),
    dispose: close,
  };
}

const actionOf: Readonly<Record<ContractCall, ArmAction>> = {
  describe: "virtualMachines.get",
  add: "networkInterfaces.createOrUpdate",
  remove: "networkInterfaces.createOrUpdate",
  create: "networkInterfaces.createOrUpdate",
};

const vendorCodes: Readonly<Record<Exclude<ContractFault, "answer-lost">, string>> = {
  throttled: "TooManyRequests",
  unauthorized: "AuthorizationFailed",
  "no-credentials": "ExpiredAuthenticationToken",
  broken: "InternalServerError",
};
