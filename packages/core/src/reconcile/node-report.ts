import type { AddTimings } from "../attachment/add-timings.ts";
import { lostBlocks } from "../attachment/status.ts";
import type { PodwireError } from "../errors/podwire-error.ts";
import { countPool } from "../pool/pool-counts.ts";
import { addressesHeldBy } from "../pool/release.ts";
import type { AttachmentRecord } from "../store/records.ts";
import type { CloudContext } from "./cloud-context.ts";
import { readCloudFacts } from "./cloud-facts-cache.ts";
import type { AttachmentReport, NodeReport, PoolReport } from "./node-agent.ts";

export interface ReportInput {
  readonly context: CloudContext;
  readonly timings: AddTimings;
  /** Why an ADD could not be served now. */
  readonly obstacle: PodwireError | undefined;
}

/** The node as `GET /v1/status` shows it. Pure. */
export function nodeReport({ context, timings, obstacle }: ReportInput): NodeReport {
  const { ledger, memory, settings } = context;
  const { state } = ledger;
  return {
    ready: obstacle === undefined,
    problems: problems(context, obstacle),
    node: readCloudFacts(state)?.node,
    pools: settings.pools.flatMap((name) => poolReports(context, name)),
    interfaces: [...state.interfaces.values()],
    blocks: [...state.blocks.values()].map(({ cidr, interfaceId, state: life }) => ({
      cidr,
      interfaceId,
      state: life,
    })),
    attachments: [...state.attachments.values()].map((record) => attachmentReport(context, record, timings)),
    operations: [...state.operations.values()],
    describedMs: memory.describedMs,
  };
}

function problems({ ledger, memory }: CloudContext, obstacle: PodwireError | undefined): NodeReport["problems"] {
  const failures = new Set([
    ...(obstacle === undefined ? [] : [obstacle]),
    ...memory.failures.values(),
    ...memory.poolFailures.growth.values(),
    ...memory.poolFailures.release.values(),
  ]);
  return [
    ...lostBlocks(ledger.state).map(({ cidr, attachments }) => ({
      code: "LIMITED_CONNECTIVITY" as const,
      message: `the cloud no longer delivers ${cidr} to this node, in use by ${attachments.join(", ")}`,
    })),
    ...[...failures].map(({ code, message }) => ({ code, message })),
  ];
}

function poolReports({ ledger, settings, clock, queue, memory }: CloudContext, name: string): PoolReport[] {
  return settings.families.map((family) => {
    const counts = countPool(ledger.state, settings.identityOf(name), {
      family,
      nowMs: clock.bootMs(),
      suspects: memory.suspects,
    });
    const { allocated, cooling, excluded, available, incoming } = counts;
    const free = counts.blocks.reduce((sum, block) => sum + block.free, 0);
    const addresses = { free, allocated, cooling, excluded };
    return { name, family, addresses, available, incoming, waiters: queue.waiters(name) };
  });
}

function attachmentReport({ ledger }: CloudContext, record: AttachmentRecord, timings: AddTimings): AttachmentReport {
  const { key, state, pod, spec } = record;
  const addTiming = timings.get(key);
  return {
    ...key,
    state,
    pod,
    addresses: addressesHeldBy(ledger.state, key).map(({ address }) => address),
    netns: spec.netns.path,
    ...(addTiming === undefined ? {} : { addTiming }),
  };
}
