import { type AttachmentKey, formatAttachmentKey } from "../cni/attachment-key.ts";
import type { CniCall } from "../cni/verbs.ts";
import { PodwireError } from "../errors/podwire-error.ts";
import type { AttachmentContext } from "./attachment-context.ts";

/**
 * Runs the job in the key's lane. A job whose turn does not come before the deadline never runs.
 * @throws DEADLINE_EXCEEDED another verb for the key took too long
 */
export function runInLane<T>(
  { lanes, clock }: Pick<AttachmentContext, "lanes" | "clock">,
  { key, call }: { readonly key: AttachmentKey; readonly call: CniCall },
  job: () => Promise<T>,
): Promise<T> {
  const name = formatAttachmentKey(key);
  return new Promise((resolve, reject) => {
    let given = true;
    const cancelTimer = clock.startTimer(call.deadlineMs - clock.bootMs(), () => {
      given = false;
      reject(new PodwireError("DEADLINE_EXCEEDED", `another request for ${name} is not done yet`));
    });
    void lanes.run(name, async () => {
      cancelTimer();
      if (given) await job().then(resolve, reject);
    });
  });
}
