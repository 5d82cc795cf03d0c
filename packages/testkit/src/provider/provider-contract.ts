import type { Cidr, CloudProvider, ClusterScope, NodeRef } from "@podwire/core";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import { testRefusedCapabilities } from "./capability-cases.ts";
import { testChanges } from "./change-cases.ts";
import { testFacts } from "./fact-cases.ts";
import { testFailures } from "./failure-cases.ts";
import { testInterfaces } from "./interface-cases.ts";
import { testPrefixes } from "./prefix-cases.ts";

/**
 * A call of the provider as the contract lets it go wrong; `add` and `remove` are the halves of `changeBlocks`,
 * `create` is the first call that `createInterface` makes to change something.
 */
export type ContractCall = "describe" | "add" | "remove" | "create";

/** What goes wrong with the next such call, once. */
export type ContractFault =
  /** Refused for its rate; the cloud names 7 s where it can. */
  | "throttled"
  | "unauthorized"
  | "no-credentials"
  /** Carried out; the answer does not come. */
  | "answer-lost"
  /** The cloud says that it is broken. */
  | "broken";

/**
 * One cloud with one node, for one test: a primary interface of ours with room for at least 5 blocks and none on it,
 * and a secondary interface that is foreign, in a subnet with at least 50 free addresses.
 */
export interface ProviderPlace {
  readonly provider: CloudProvider;
  readonly node: NodeRef;
  /** The clock of the provider and the cloud. */
  readonly clock: VirtualClock;
  readonly foreignInterfaceId: string;
  /** What the cloud itself holds, not what it tells. */
  blocksOf(interfaceId: string): readonly Cidr[];
  /** Somebody else takes addresses of the node's subnet until so many are free. */
  occupy(leaveFree: number): void;
  /** Somebody else takes addresses of it: single ones stay free, no prefix. Only where prefixes are offered. */
  fragment?(): void;
  /** Only where `capabilities.createInterface`: there is room for at least one more interface. */
  readonly interfaces?: InterfacePlace;
  /** How many calls that change something have reached the cloud. */
  mutationCount(): number;
  inject(call: ContractCall, fault: ContractFault): void;
  /** The next such call waits for a second of the clock before the cloud acts; resolves when it has arrived. */
  stall(call: ContractCall): Promise<void>;
  /** After the test, whatever became of it. */
  dispose(): Promise<void>;
}

/** What the cases about whole interfaces need. */
export interface InterfacePlace {
  readonly scope: ClusterScope;
  /** An interface of the cluster that was made for that node, which is gone. Returns its id. */
  leaveOrphan(nodeId: string): string;
}

export interface ProviderContract {
  /** The runner's `test`. */
  readonly test: (name: string, run: () => Promise<void>) => void;
  readonly createPlace: () => Promise<ProviderPlace>;
}

/**
 * The CloudProvider port's statements as tests of any implementation. What a provider can do is taken from its own
 * capabilities; what it cannot do must be refused.
 */
export function providerContract({ test, createPlace }: ProviderContract): void {
  const placeTest: PlaceTest = (name, run) =>
    test(name, async () => {
      const place = await createPlace();
      try {
        await run(place);
      } finally {
        await place.dispose();
      }
    });
  testFacts(placeTest);
  testChanges(placeTest);
  testPrefixes(placeTest);
  testInterfaces(placeTest);
  testFailures(placeTest);
  testRefusedCapabilities(placeTest);
}

export type PlaceTest = (name: string, run: (place: ProviderPlace) => Promise<void>) => void;
