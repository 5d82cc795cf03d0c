import { errorFrom } from "../errors/podwire-error.ts";
import type { InterfaceRef } from "../provider/cloud-provider.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import { sleep } from "../runtime/clock.ts";
import type { CloudContext } from "./cloud-context.ts";
import { type CloudFacts, readCloudFacts } from "./cloud-facts-cache.ts";
import { timedCall } from "./timed-call.ts";

/** Of one sweep, at most: what is left after a whole cluster died must not use up the account's calls. */
const deletionsPerSweep = 20;

/** What is being created is detached for some seconds, and views lag. */
const leastAgeMs = 60_000;

/**
 * Deletes interfaces of the cluster that no instance holds: a node died between creating and attaching, or between
 * detaching and deleting. Only those that every sweep of the last minute has seen, two at least. Every node does so, at
 * random times; an interface that another one has deleted is no failure. Until `signal` is aborted.
 */
export async function sweepOrphans(context: CloudContext, signal: CancelSignal): Promise<void> {
  const { settings, provider, clock, random, log } = context;
  const { sweepIntervalMs } = settings.config.reconcile;
  if (sweepIntervalMs === 0 || !provider.capabilities.orphans) return;
  let seen: SeenOrphans = new Map();
  let delayMs = random.integer(sweepIntervalMs);
  while (!signal.aborted) {
    await sleep(clock, delayMs, signal).catch(() => {});
    if (signal.aborted) return;
    delayMs = sweepIntervalMs;
    try {
      seen = await sweep(context, { seen, signal });
    } catch (thrown) {
      const { code, message } = errorFrom(thrown);
      if (!signal.aborted) log.warn("interfaces left behind not looked for", { code, message });
    }
  }
}

/** When each of them was first seen, without a break since. */
type SeenOrphans = ReadonlyMap<string, number>;

interface Sweep {
  readonly seen: SeenOrphans;
  readonly signal: CancelSignal;
}

/** @returns those this one has seen and not deleted */
async function sweep(context: CloudContext, { seen, signal }: Sweep): Promise<SeenOrphans> {
  const { ledger, settings, provider, clock } = context;
  const nowMs = clock.bootMs();
  const facts = readCloudFacts(ledger.state);
  if (facts === undefined) return seen;
  const scope = { clusterName: settings.config.cluster, networkId: facts.node.networkId };
  const found = await timedCall(context, { op: "look for orphans", signal }, (inTime) =>
    provider.orphans(scope, { signal: inTime }),
  );
  const left = new Map(
    found.filter((ref) => !mayBeOurs(context, ref, facts)).map(({ id }) => [id, seen.get(id) ?? nowMs] as const),
  );
  const due = found.filter(({ id }) => seen.has(id) && nowMs - (left.get(id) ?? nowMs) >= leastAgeMs);
  for (const ref of due.slice(0, deletionsPerSweep)) if (await remove(context, ref, signal)) left.delete(ref.id);
  return left;
}

/**
 * One that the state knows was detached by somebody, and pods are on it: attached again it serves them. And while this
 * node is creating one, or does not know whether it did, any detached one that was made for it may be that.
 */
function mayBeOurs({ ledger }: CloudContext, { id, node }: InterfaceRef, facts: CloudFacts): boolean {
  if (ledger.state.interfaces.has(id)) return true;
  const isChanging = [...ledger.state.operations.values()].some(({ kind }) => kind.endsWith("-interface"));
  return isChanging && node.id === facts.node.id;
}

async function remove(context: CloudContext, ref: InterfaceRef, signal: CancelSignal): Promise<boolean> {
  const { provider, log, metrics } = context;
  const fields = { interfaceId: ref.id, madeFor: ref.node.id };
  try {
    await timedCall(context, { op: `delete ${ref.id}`, signal }, (inTime) =>
      provider.deleteInterface({ ...ref, ifUnattached: true }, { signal: inTime }),
    );
    log.info("interface left behind deleted", fields);
    metrics.count("podwire_orphans_total", { outcome: "deleted" });
    return true;
  } catch (thrown) {
    const { code, message } = errorFrom(thrown);
    log.warn("interface left behind not deleted", { ...fields, code, message });
    metrics.count("podwire_orphans_total", { outcome: code });
    return false;
  }
}
