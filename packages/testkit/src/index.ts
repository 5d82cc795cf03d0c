export { monotonicClock } from "./clock/monotonic-clock.ts";
export { VirtualClock, type VirtualClockOptions } from "./clock/virtual-clock.ts";
export {
  type AnswerLoss,
  type FaultEffect,
  FaultPlan,
  type FaultRule,
  type FaultTrigger,
  type InjectedFault,
  type Injection,
  type PlannedCall,
} from "./fault/fault-plan.ts";
export { callWithFaults, type FaultyOutcome } from "./fault/faulty-call.ts";
export { type HostFault, hostNetnsPath, MemoryHost, type MemoryHostOptions } from "./host/memory-host.ts";
export { AddressSpace, subnetSpace } from "./provider/address-space.ts";
export {
  MemoryCloud,
  type MemoryCloudOptions,
  type MemoryInterface,
  type MemorySubnet,
} from "./provider/memory-cloud.ts";
export {
  createMemoryProvider,
  type MemoryAction,
  type MemoryCall,
  type MemoryProvider,
  type MemoryProviderOptions,
} from "./provider/memory-provider.ts";
export {
  type ContractCall,
  type ContractFault,
  type ProviderContract,
  type ProviderPlace,
  providerContract,
} from "./provider/provider-contract.ts";
export { SeededRandom } from "./random/seeded-random.ts";
export { createMemoryStore, type MemoryStore } from "./store/memory-store.ts";
export { comparableState, emptyState, putsOf, sampleState } from "./store/sample-state.ts";
export { type StoreContract, type StorePlace, storeContract } from "./store/store-contract.ts";
