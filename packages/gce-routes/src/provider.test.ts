import type { Cidr } from "@podwire/core";
import {
  type ContractCall,
  type ContractFault,
  FaultPlan,
  type ProviderPlace,
  providerContract,
  VirtualClock,
} from "@podwire/testkit";
import { OAuth2Client } from "google-auth-library";
import { describe, test } from "vitest";
import type { ComputeAction, ComputeApi } from "./api.ts";
import { createComputeClient } from "./client.ts";
import { createGceProvider } from "./provider.ts";
import { FakeGce, type ScenarioInput } from "./testing/index.ts";

describe("the Google Cloud provider keeps the port's contract, in-process", () => {
  providerContract({ test, createPlace: () => createPlace(inProcess) });
});

describe("the Google Cloud provider keeps the port's contract, through the SDK over HTTP", () => {
  providerContract({ test, createPlace: () => createPlace(onTheWire) });
});

/** The subnetwork of the node has a range for pods and one that is somebody else's; nic1 is in another network. */
const scenario: ScenarioInput = {
  networks: [{ name: "main" }, { name: "storage" }],
  subnetworks: [
    {
      name: "nodes",
      network: "main",
      region: "europe-west1",
      ipCidrRange: "10.0.0.0/24",
      secondaryIpRanges: [
        { rangeName: "pods", ipCidrRange: "10.4.0.0/23" },
        { rangeName: "services", ipCidrRange: "10.8.0.0/24" },
      ],
    },
    { name: "far", network: "main", region: "us-east1", ipCidrRange: "10.1.0.0/24" },
    { name: "disks", network: "storage", region: "europe-west1", ipCidrRange: "192.168.0.0/24" },
  ],
  instances: [
    {
      name: "node-1",
      zone: "europe-west1-b",
      networkInterfaces: [{ subnetwork: "nodes" }, { subnetwork: "disks" }],
    },
  ],
};

/** One of the two doors of the fake, and what closes it. */
type Door = (fake: FakeGce) => Promise<{ readonly api: ComputeApi; readonly close: () => Promise<void> }>;

const inProcess: Door = async (fake) => ({ api: fake.api(), close: async () => {} });

const onTheWire: Door = async (fake) => {
  const server = await fake.serveRest({ host: "127.0.0.1", port: 0 });
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: "node-1", expiry_date: Date.now() + 3_600_000 });
  const client = createComputeClient({ callTimeoutMs: 10_000, endpoint: server.url, authClient });
  return {
    api: client,
    close: async () => {
      client.close();
      await server.close();
    },
  };
};

async function createPlace(openDoor: Door): Promise<ProviderPlace> {
  const faults = new FaultPlan();
  const clock = new VirtualClock();
  const fake = new FakeGce({ scenario, clock, faults });
  const { api, close } = await openDoor(fake);
  return {
    provider: createGceProvider({ api, clock }),
    node: fake.nodeRef("node-1"),
    clock,
    foreignInterfaceId: "nic1",
    blocksOf: (id) => {
      const own = fake.model.instance("node-1").networkInterfaces.find(({ name }) => name === id);
      return (own?.aliasIpRanges ?? []).map(({ ipCidrRange }) => ipCidrRange as Cidr);
    },
    occupy: (leaveFree) => fake.model.occupy("nodes", "pods", leaveFree),
    fragment: () => fake.model.fragment("nodes", "pods"),
    mutationCount: () => fake.log.calls.filter(({ action }) => !/get|list|wait/.test(action)).length,
    inject: (call, fault) => {
      const effect =
        fault === "answer-lost"
          ? ({ kind: "lose-answer" } as const)
          : ({ kind: "fail", code: reasons[fault], retryAfterMs: 7000 } as const);
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

const actionOf: Readonly<Record<ContractCall, ComputeAction>> = {
  describe: "instances.get",
  add: "instances.updateNetworkInterface",
  remove: "instances.updateNetworkInterface",
  create: "instances.updateNetworkInterface",
};

const reasons: Readonly<Record<Exclude<ContractFault, "answer-lost">, string>> = {
  throttled: "rateLimitExceeded",
  unauthorized: "forbidden",
  "no-credentials": "authError",
  broken: "backendError",
};
