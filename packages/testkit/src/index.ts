export { audit } from "./audit/audit.ts";
export type { Contradiction } from "./audit/contradiction.ts";
export type { AuditedInterface, CloudFacts, KernelFacts, NodeFacts } from "./audit/facts.ts";
export { type KernelView, readKernelFacts } from "./audit/kernel-facts.ts";
export { monotonicClock } from "./clock/monotonic-clock.ts";
export { VirtualClock, type VirtualClockOptions } from "./clock/virtual-clock.ts";
export { createFabric, type Fabric, type FabricOptions } from "./fabric/fabric.ts";
export { type DropReason, dropReasons } from "./fabric/filter.ts";
export type { OutsideHost } from "./fabric/network.ts";
export { runNft } from "./fabric/nft.ts";
export type { FabricInterface, FabricRoute, FabricState } from "./fabric/state.ts";
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
export { hostContract } from "./host/host-contract.ts";
export type { Damage, Damaged, HostContract, HostPlace } from "./host/host-place.ts";
export {
  type HostFault,
  hostNetnsPath,
  type MemoryDamage,
  MemoryHost,
  type MemoryHostOptions,
} from "./host/memory-host.ts";
export { primaryBlock, sampleNetwork, sampleSpec, secondaryBlock } from "./host/sample-network.ts";
export { createProbes, type Probe, type ProbeStream, type Probes } from "./probe/probe.ts";
export type { ProbeProtocol, Reachability, ReachOptions, StreamOptions, StreamResult } from "./probe/protocol.ts";
export { AddressSpace, reserveEnds, subnetSpace } from "./provider/address-space.ts";
export type { MemoryAction, MemoryCall } from "./provider/memory-calls.ts";
export {
  MemoryCloud,
  type MemoryCloudOptions,
  type MemoryCreation,
  type MemoryInterface,
  type MemoryOrphan,
} from "./provider/memory-cloud.ts";
export { createMemoryProvider, type MemoryProvider, type MemoryProviderOptions } from "./provider/memory-provider.ts";
export type { MemorySubnet } from "./provider/memory-subnets.ts";
export {
  type ContractCall,
  type ContractFault,
  type InterfacePlace,
  type ProviderContract,
  type ProviderPlace,
  providerContract,
} from "./provider/provider-contract.ts";
export { SeededRandom } from "./random/seeded-random.ts";
export {
  type CniCallOptions,
  type CniContainer,
  type CniFailure,
  type CniOutcome,
  type CniPlugin,
  callPlugin,
  failureText,
  podIfName,
} from "./runtime/call-plugin.ts";
export { outsidePidVariable, sandboxCommand } from "./sandbox/command.ts";
export { nodeProgram } from "./sandbox/node-program.ts";
export { assertSandboxAllowed, isInSandbox, requireSandbox, runInSandbox } from "./sandbox/sandbox.ts";
export { createMemoryStore, type MemoryStore } from "./store/memory-store.ts";
export { comparableState, emptyState, putsOf, sampleState } from "./store/sample-state.ts";
export { type StoreContract, type StorePlace, storeContract } from "./store/store-contract.ts";
