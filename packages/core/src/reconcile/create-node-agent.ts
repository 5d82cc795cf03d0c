import { addAttachment } from "../attachment/add.ts";
import { createAddTimings } from "../attachment/add-timings.ts";
import { createAddressQueue } from "../attachment/address-queue.ts";
import type { AttachmentContext } from "../attachment/attachment-context.ts";
import { checkAttachment } from "../attachment/check.ts";
import { deleteAttachment } from "../attachment/del.ts";
import { collectAttachments } from "../attachment/gc.ts";
import { createKeyLanes } from "../attachment/key-lanes.ts";
import { statusError } from "../attachment/status.ts";
import { createUnrecorded } from "../attachment/unrecorded.ts";
import type { CniVerbs } from "../cni/verbs.ts";
import type { Config } from "../config/schema.ts";
import { errorFrom, PodwireError } from "../errors/podwire-error.ts";
import { measuredHost } from "../host/measured-host.ts";
import { explainShortage } from "../pool/explain-shortage.ts";
import { planPool } from "../pool/plan-pool.ts";
import type { PoolSituation } from "../pool/situation.ts";
import { budgetedProvider } from "../provider/budgeted-provider.ts";
import { measuredProvider } from "../provider/measured-provider.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import { createCancelSource } from "../runtime/cancel-source.ts";
import { openLedger } from "../store/ledger.ts";
import type { CloudContext } from "./cloud-context.ts";
import { readCloudFacts } from "./cloud-facts-cache.ts";
import { createCloudMemory } from "./cloud-memory.ts";
import { createCloudWatch } from "./cloud-watch.ts";
import { createKernelWatch } from "./kernel-watch.ts";
import type { NodeAgent, NodePorts } from "./node-agent.ts";
import { nodeReport } from "./node-report.ts";
import { createNodeSettings } from "./node-settings.ts";
import { sweepOrphans } from "./orphan-sweep.ts";
import { recordRecovered } from "./plan-recovered.ts";
import { PoolLoop } from "./pool-loop.ts";
import { poolSituation } from "./pool-situation.ts";
import { publishMetrics } from "./publish-metrics.ts";
import { findUnrecorded, finishInterrupted } from "./recover.ts";

/** How often what the kernel refused to remove is tried again. */
const leftoverIntervalMs = 5_000;
/** Used until the cloud has told the network's MTU: safe in every network. */
const cautiousMtuBytes = 1500;

/** @throws STORE_FAILED when the state cannot be read */
export function createNodeAgent(config: Config, ports: NodePorts): NodeAgent {
  const stop = createCancelSource();
  const { context, loops } = wireLoops(config, ports, stop.signal);
  const attachments = attachmentContext(context);
  // Any network that is not named in the configuration: the default pool serves it.
  const report = () => nodeReport({ context, timings: attachments.timings, obstacle: addObstacle(context, "") });
  return {
    ...verbs(attachments, context),
    async recover() {
      await finishInterrupted(attachments);
      context.unrecorded.add(await findUnrecorded(attachments));
      // A state older than the kernel knows their blocks: it must not take their addresses for free.
      recordRecovered(context, [...context.ledger.state.blocks.keys()]);
      await loops.kernel.converge();
    },
    async run(signal) {
      followSignal(signal, stop.abort);
      const leftovers = retryLeftovers(attachments, stop.signal);
      await Promise.all([loops.cloud.run(), loops.kernel.run(), sweepOrphans(context, stop.signal)]);
      leftovers();
      await loops.pool.drain();
    },
    refresh: loops.cloud.refresh,
    report,
    publishMetrics: () => publishMetrics(context, report()),
  };
}

/** The loops need each other: the closures below run only after all of them stand. */
function wireLoops(config: Config, ports: NodePorts, signal: CancelSignal) {
  const memory = createCloudMemory();
  const ledger = openLedger(ports.store);
  const context: CloudContext = {
    ...ports,
    provider: budgetedProvider(measuredProvider(ports.provider, ports), ports.clock),
    host: measuredHost(ports.host, ports),
    settings: createNodeSettings(config),
    ledger,
    memory,
    unrecorded: createUnrecorded(),
    queue: createAddressQueue({
      ledger,
      clock: ports.clock,
      suspects: () => memory.suspects,
      onDemand: () => loops.pool.replan(),
      explain: (pool) => explainPool(context, pool),
    }),
    replan: () => loops.pool.replan(),
    refresh: () => loops.cloud.refresh(),
    converge: () => loops.kernel.converge(),
  };
  const pool = new PoolLoop(context, signal);
  const kernel = createKernelWatch(context, signal);
  const cloud = createCloudWatch(context, { signal, underway: () => pool.underway() });
  const loops = { pool, kernel, cloud };
  return { context, loops };
}

function attachmentContext(context: CloudContext): AttachmentContext {
  const { ledger, queue, host, clock, log, metrics, settings } = context;
  return {
    ledger,
    queue,
    host,
    clock,
    log,
    metrics,
    lanes: createKeyLanes(),
    timings: createAddTimings(),
    unrecorded: context.unrecorded,
    families: settings.families,
    datapath: settings.config.datapath,
    mtuBytes: () => readCloudFacts(ledger.state)?.network.mtuBytes ?? cautiousMtuBytes,
    poolOf: settings.poolOf,
    onRelease: context.replan,
  };
}

function verbs(attachments: AttachmentContext, context: CloudContext): CniVerbs {
  return {
    add: (request, call) => addAttachment(attachments, request, call),
    del: (request) => deleteAttachment(attachments, request),
    check: (request) => checkAttachment(attachments, request),
    gc: (request) => collectAttachments(attachments, request),
    async status({ network }) {
      const error = statusError(context.ledger.state, addObstacle(context, network));
      if (error !== undefined) throw error;
    },
  };
}

/**
 * Why an ADD to the network would fail now; undefined when it would be served, be it after a wait for growth that is on
 * its way. An ADD that the kernel side would leave without its way out is no service.
 */
function addObstacle(context: CloudContext, network: string): PodwireError | undefined {
  const { name } = context.settings.poolOf(network);
  const { failures, poolFailures, describedMs } = context.memory;
  const short = situationsOf(context, name).filter(({ counts }) => counts.available === 0);
  const canGrow = describedMs !== undefined && !poolFailures.growth.has(name) && !failures.has("describe");
  if (short.some((situation) => !canGrow || !growthIsComing(context, situation))) return explainPool(context, name);
  return failures.get("kernel");
}

function growthIsComing({ clock }: CloudContext, situation: PoolSituation): boolean {
  const oneMore = { ...situation, waiters: situation.waiters + 1 };
  return situation.counts.incoming > 0 || planPool(oneMore, clock.bootMs()).some(({ kind }) => kind !== "unassign");
}

function situationsOf(context: CloudContext, pool: string): PoolSituation[] {
  return context.settings.families.map((family) => poolSituation(context, { pool, family }));
}

function explainPool(context: CloudContext, pool: string): PodwireError {
  const { memory, clock, ledger } = context;
  const cloudFailure = memory.poolFailures.growth.get(pool) ?? memory.failures.get("describe");
  const situations = situationsOf(context, pool);
  const short = situations.find(({ counts }) => counts.available === 0) ?? situations[0];
  if (short !== undefined && (cloudFailure !== undefined || memory.describedMs !== undefined)) {
    return explainShortage(short, { pool, nowMs: clock.bootMs(), cloudFailure });
  }
  const known = readCloudFacts(ledger.state) === undefined ? "has not learnt who it is" : "has not been described";
  return new PodwireError("DAEMON_STARTING", `pool ${pool} cannot serve yet: the node ${known}`);
}

function followSignal(signal: CancelSignal, abort: (reason: unknown) => void): void {
  if (signal.aborted) abort(signal.reason);
  else signal.addEventListener("abort", () => abort(signal.reason), { once: true });
}

/** Returns what ends it. */
function retryLeftovers(attachments: AttachmentContext, signal: CancelSignal): () => void {
  const { clock, log } = attachments;
  let cancelTimer = () => {};
  const again = async () => {
    await finishInterrupted(attachments).catch((thrown) => log.error("clean-up failed", { ...errorFrom(thrown) }));
    if (!signal.aborted) cancelTimer = clock.startTimer(leftoverIntervalMs, again);
  };
  cancelTimer = clock.startTimer(leftoverIntervalMs, again);
  return () => cancelTimer();
}
