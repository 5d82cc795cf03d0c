import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CancelSignal,
  type Clock,
  type Config,
  errorFrom,
  type Logger,
  type NodeAgent,
  type NodePorts,
  protocol,
} from "@podwire/core";
import { lockFile } from "@podwire/linux";
import { endsWithin } from "./ends-within.ts";
import { ensurePrivateDirectory } from "./run-directory.ts";
import { createPrometheusMetrics } from "./runtime/prometheus-metrics.ts";
import { systemRandom } from "./runtime/system-random.ts";
import { cniRoute } from "./server/cni-route.ts";
import { createHttpServer } from "./server/http-server.ts";
import { listenOnLoopback, listenOnSocket } from "./server/listen.ts";
import { metricsRoute, statusRoute } from "./server/node-routes.ts";
import type { Route } from "./server/route.ts";
import { createSpool } from "./spool.ts";
import { watchSpool } from "./spool-watch.ts";
import { openStateFile } from "./store/state-file.ts";

/** What the daemon brings; cloud and kernel come from the wiring. */
export type DaemonPorts = Omit<NodePorts, "provider" | "identity" | "host">;

export interface WiredNode {
  readonly agent: NodeAgent;
  close(): void | Promise<void>;
}

export interface DaemonOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly wireNode: (config: Config, ports: DaemonPorts) => Promise<WiredNode>;
  /** Aborted when the daemon shall stop. */
  readonly signal: CancelSignal;
}

/** Requests have this long to end by themselves, and once more after their signals were aborted. */
const stopGraceMs = 5_000;

/**
 * Runs podwired until `signal` is aborted, then ends it in good order. Whatever it is interrupted by, the state on disk
 * is enough for the next start.
 * @throws SOCKET_TAKEN, HOST_UNFIT, STORE_FAILED and others when it cannot start
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { log, signal } = options;
  const cleanUps: CleanUp[] = [];
  try {
    const node = await openNode(options, cleanUps);
    await node.agent.recover(signal);
    const loops = prepareLoops(node, cleanUps);
    await serve(node, options, cleanUps);
    const running = loops();
    log.info("podwired runs", { runDirectory: options.config.runDirectory });
    await Promise.race([aborted(signal), running]);
    log.info("podwired stops");
  } finally {
    for (const cleanUp of cleanUps.reverse()) await attempt(cleanUp, log);
  }
}

/** Undoes one step of the start; run in the opposite order. */
type CleanUp = () => void | Promise<void>;

interface OpenNode extends DaemonPorts {
  readonly agent: NodeAgent;
  readonly metrics: ReturnType<typeof createPrometheusMetrics>;
}

/** The lock before the state, the state before the agent: two daemons must not share any of it. */
async function openNode({ config, clock, log, wireNode }: DaemonOptions, cleanUps: CleanUp[]): Promise<OpenNode> {
  const { runDirectory } = config;
  ensurePrivateDirectory(runDirectory);
  cleanUps.push(lockFile(join(runDirectory, "podwired.lock")));
  const { store, setAside } = openStateFile({ path: join(runDirectory, "state.db"), bootId: readBootId() });
  cleanUps.push(() => store.close());
  if (setAside !== undefined) log.warn("state set aside", { ...setAside });
  const ports = { store, clock, random: systemRandom, log, metrics: createPrometheusMetrics() };
  const { agent, close } = await wireNode(config, ports);
  cleanUps.push(close);
  return { ...ports, agent };
}

/** What was spooled comes first, so that no ADD meets the remains of a pod that is gone. */
async function serve(node: OpenNode, { config, clock, log }: DaemonOptions, cleanUps: CleanUp[]): Promise<void> {
  const { agent, metrics } = node;
  const directory = join(config.runDirectory, protocol.spoolName);
  ensurePrivateDirectory(directory);
  const spool = createSpool({ directory, verbs: agent, clock, log, metrics });
  cleanUps.push(watchSpool(spool, { directory, clock, log }));
  await spool.replay();
  const exposeMetrics = metricsRoute({
    contentType: metrics.contentType,
    expose: () => {
      agent.publishMetrics();
      return metrics.expose();
    },
  });
  const routes = [cniRoute({ verbs: agent, clock, log, metrics }), statusRoute(() => agent.report()), exposeMetrics];
  await listen(routes, { log, clock, cleanUps, on: (server) => listenOnSocket(server, socketPath(config)) });
  const address = config.metrics.listen;
  if (address !== undefined)
    await listen([exposeMetrics], { log, clock, cleanUps, on: (server) => listenOnLoopback(server, address) });
}

interface ListenOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly cleanUps: CleanUp[];
  readonly on: (server: ReturnType<typeof createHttpServer>["server"]) => Promise<void>;
}

async function listen(routes: readonly Route[], { log, clock, cleanUps, on }: ListenOptions): Promise<void> {
  const { server, stop } = createHttpServer(routes, { log, clock });
  await on(server);
  cleanUps.push(() => stop(stopGraceMs));
}

/**
 * Returns what starts the loops. Their clean-up is registered before that of the servers, and so runs after it: a
 * request that waits for an address can still get one while the servers stop.
 */
function prepareLoops({ agent, clock }: OpenNode, cleanUps: CleanUp[]): () => Promise<void> {
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  cleanUps.push(async () => {
    stop.abort();
    await endsWithin(clock, running, 2 * stopGraceMs);
  });
  return () => {
    running = agent.run(stop.signal);
    return running;
  };
}

async function attempt(cleanUp: CleanUp, log: Logger): Promise<void> {
  try {
    await cleanUp();
  } catch (thrown) {
    const { code, message } = errorFrom(thrown);
    log.error("clean-up failed", { code, message });
  }
}

function socketPath(config: Config): string {
  return join(config.runDirectory, protocol.socketName);
}

function readBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function aborted(signal: CancelSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
