export {
  type Address,
  addressBits,
  addressBytes,
  addressFromBytes,
  addressFromValue,
  addressValue,
  compareAddresses,
  type Family,
  families,
  familyOf,
  parseAddress,
  tryParseAddress,
} from "./address/address.ts";
export {
  addressAt,
  type Cidr,
  cidrFamily,
  cidrOf,
  cidrSize,
  compareCidrs,
  containsAddress,
  containsCidr,
  hostCidr,
  networkAddress,
  overlaps,
  parseCidr,
  prefixLength,
  tryParseCidr,
} from "./address/cidr.ts";
export { type MacAddress, macBytes, macFromBytes, parseMac, tryParseMac } from "./address/mac.ts";
export type { AddTiming } from "./attachment/add-timings.ts";
export { type AnswerOptions, answerCni, type CniAnswer } from "./cni/answer.ts";
export { type AttachmentKey, attachmentKey, formatAttachmentKey, maxAttachmentKeyBytes } from "./cni/attachment-key.ts";
export { type CniErrorResult, errorResult, formatErrorResult } from "./cni/error-result.ts";
export type { CniDns, CniInterface, CniIp, CniResult, CniRoute } from "./cni/result.ts";
export {
  type AddRequest,
  type CheckRequest,
  type CniCall,
  type CniVerb,
  type CniVerbs,
  cniVerbs,
  type DelRequest,
  type GcRequest,
  isCniVerb,
  type StatusRequest,
  type ValidAttachment,
} from "./cni/verbs.ts";
export { answerVersion, scanCniVersion } from "./cni/version-answer.ts";
export { type CniVersion, newestVersion, supportedVersions } from "./cni/versions.ts";
export { configJsonSchema, type JsonSchema } from "./config/json-schema.ts";
export { applyOverrides } from "./config/overrides.ts";
export { parseConfig } from "./config/parse-config.ts";
export type { PoolConfig } from "./config/pool-schema.ts";
export { configReference } from "./config/reference.ts";
export { type Config, configSchema } from "./config/schema.ts";
export { type ErrorCode, errorCodes, type RetryClass } from "./errors/codes.ts";
export { type ErrorFacts, errorFrom, isPodwireError, PodwireError, quoteValue } from "./errors/podwire-error.ts";
export { errorReference } from "./errors/reference.ts";
export type {
  AttachedAddress,
  AttachmentFacts,
  AttachmentSpec,
  Datapath,
  FoundAttachment,
  NetnsRef,
  PodRoute,
} from "./host/attachment-spec.ts";
export type { Finding } from "./host/finding.ts";
export type { HostCapabilities, HostNetwork } from "./host/host-network.ts";
export { measuredHost } from "./host/measured-host.ts";
export type {
  Drift,
  Egress,
  HostEvent,
  HostInterface,
  NodeInterface,
  NodeNetwork,
  Repair,
} from "./host/node-network.ts";
export { type AllocatedAddress, type AllocationRequest, allocate, claimAddresses } from "./pool/allocate.ts";
export { planPool } from "./pool/plan-pool.ts";
export { surplusOf } from "./pool/plan-release.ts";
export type { PoolAction } from "./pool/pool-action.ts";
export { addressStateAt, type BlockCounts, countPool, type PoolCounts, type PoolIdentity } from "./pool/pool-counts.ts";
export { addressesHeldBy, forgetBlock, releaseAddresses } from "./pool/release.ts";
export {
  blockSize,
  type PlannedInterface,
  type PlannedSubnet,
  type PoolSituation,
  type PoolTargets,
  shortageOf,
} from "./pool/situation.ts";
export { type AddressState, addressTransitions, type BlockState, blockTransitions } from "./pool/states.ts";
export { budgetedProvider, type CallClass, defaultBudgets } from "./provider/budgeted-provider.ts";
export type { BudgetLimits } from "./provider/call-budget.ts";
export type {
  BlockKind,
  Capabilities,
  CloudInterface,
  Gateways,
  InterfaceOwner,
  InterfaceRole,
  Limits,
  NetworkFacts,
  Snapshot,
  SubnetFacts,
} from "./provider/cloud-facts.ts";
export type {
  BlockChange,
  BlockOutcome,
  BlockRequest,
  CallOptions,
  CloudProvider,
  InterfaceOutcome,
  InterfaceRef,
  InterfaceRequest,
  Mutation,
} from "./provider/cloud-provider.ts";
export { measuredProvider } from "./provider/measured-provider.ts";
export type { NodeIdentity } from "./provider/node-identity.ts";
export type { ClusterScope, NodeRef } from "./provider/node-ref.ts";
export type { CloudRoute, RouteBackend, RouteChange, RouteOutcome } from "./provider/route-backend.ts";
export { createNodeAgent } from "./reconcile/create-node-agent.ts";
export type { AttachmentReport, NodeAgent, NodePorts, NodeReport, PoolReport } from "./reconcile/node-agent.ts";
export {
  type ObservationInput,
  type ObservationPlan,
  planObservation,
  tombstoneMs,
} from "./reconcile/plan-observation.ts";
export { outcomeChanges, plannedOperation, reopenBlocks, unknownOutcomeChanges } from "./reconcile/record-outcome.ts";
export { decodeFrame, encodeFrame, type Frame } from "./rpc/frame.ts";
export { protocol } from "./rpc/protocol.ts";
export { type CancelSignal, neverCancelled } from "./runtime/cancel-signal.ts";
export { type CancelSource, createCancelSource, withTimeout } from "./runtime/cancel-source.ts";
export { type CancelTimer, type Clock, sleep } from "./runtime/clock.ts";
export { type LogFields, type Logger, silentLogger } from "./runtime/logger.ts";
export { type Measuring, measure } from "./runtime/measure.ts";
export { type MetricLabels, type MetricName, type Metrics, metrics, silentMetrics } from "./runtime/metrics.ts";
export type { Random } from "./runtime/random.ts";
export { decodeUtf8, encodeUtf8, isWellFormedUtf8 } from "./runtime/utf8.ts";
export { type Ledger, openLedger } from "./store/ledger.ts";
export {
  addressesOf,
  applyChange,
  attachmentOf,
  createNodeState,
  type MutableNodeState,
  type NodeState,
} from "./store/node-state.ts";
export type {
  AddressRecord,
  AttachmentRecord,
  AttachmentState,
  BlockRecord,
  InterfaceRecord,
  OperationRecord,
  OperationRequest,
  PodRef,
  TombstoneRecord,
} from "./store/records.ts";
export type { MetaKey, StateChange } from "./store/state-change.ts";
export type { StateStore, StoredState } from "./store/state-store.ts";
