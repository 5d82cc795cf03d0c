import { errorFrom } from "../errors/podwire-error.ts";
import type { CancelSignal } from "../runtime/cancel-signal.ts";
import type { CloudContext } from "./cloud-context.ts";
import { readCloudFacts } from "./cloud-facts-cache.ts";
import { desiredNetwork } from "./desired-network.ts";

/** Events of the kernel are answered by one audit after this pause, however many they are. */
const auditPauseMs = 500;
const auditRetryMs = 5_000;

/** Keeps the kernel at the desired state. */
export interface KernelWatch {
  /** One audit that begins after this call; resolves when it has ended. Never rejects: failures are logged. */
  converge(): Promise<void>;
  /** Audits when the kernel reports a change, until the signal it was created with is aborted. */
  run(): Promise<void>;
}

export function createKernelWatch(context: CloudContext, signal: CancelSignal): KernelWatch {
  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;

  /** Audits never overlap; all calls during one share the next. */
  const converge = (): Promise<void> => {
    if (running === undefined) {
      running = audit(context, signal).finally(() => {
        running = undefined;
      });
      return running;
    }
    waiting ??= running.then(() => {
      waiting = undefined;
      return converge();
    });
    return waiting;
  };

  return {
    converge,
    async run() {
      let pending = false;
      const auditSoon = () => {
        pending = false;
        if (!signal.aborted) void converge();
      };
      for await (const event of context.host.events(signal)) {
        if (event.kind === "overrun") context.log.warn("kernel events lost, auditing everything");
        if (pending) continue;
        pending = true;
        context.clock.startTimer(auditPauseMs, auditSoon);
      }
    },
  };
}

async function audit(context: CloudContext, signal: CancelSignal): Promise<void> {
  const { ledger, settings, host, log, metrics, memory, clock } = context;
  const facts = readCloudFacts(ledger.state);
  if (facts === undefined || ledger.state.interfaces.size === 0) return;
  try {
    const repairs = await host.converge(desiredNetwork(ledger.state, settings, facts), signal);
    memory.failures.delete("kernel");
    for (const { object, description } of repairs) {
      metrics.count("podwire_repairs_total", { object });
      log.info("kernel put right", { object, description });
    }
  } catch (thrown) {
    if (signal.aborted) return;
    const error = errorFrom(thrown);
    const { code, message, details } = error;
    memory.failures.set("kernel", error);
    log.error("kernel not at the desired state", { code, message, details });
    // Nothing in the kernel need change for the next try to succeed, so no event would bring it.
    clock.startTimer(auditRetryMs, () => void context.converge());
  }
}
