import {
  type CallOptions,
  type CancelSource,
  createCancelSource,
  PodwireError,
  type RouteOutcome,
} from "@podwire/core";
import type { RouteTable } from "./api.ts";
import { type AskedRoutes, editRoutes, outcomeOfRoutes } from "./asked-routes.ts";
import { changeDocument, type DocumentChange } from "./document-change.ts";
import type { OperationTools } from "./operation.ts";

export interface RouteTools extends OperationTools {
  readonly routeTableId: string;
}

interface Waiting {
  readonly asked: AskedRoutes;
  readonly resolve: (outcome: RouteOutcome) => void;
  readonly reject: (reason: unknown) => void;
  isGone: boolean;
}

interface Batch {
  readonly members: readonly Waiting[];
  readonly source: CancelSource;
}

/**
 * Azure takes one write of a table at a time, and an operation lasts for seconds. So changes that come while one is
 * written wait, and go together in the next document; each is told its own outcome.
 */
export class RouteWriter {
  readonly #tools: RouteTools;
  #waiting: Waiting[] = [];
  #batch: Batch | undefined;

  constructor(tools: RouteTools) {
    this.#tools = tools;
  }

  write(asked: AskedRoutes, { signal }: CallOptions): Promise<RouteOutcome> {
    if (signal.aborted) return Promise.reject(cancelled());
    const { promise, resolve, reject } = Promise.withResolvers<RouteOutcome>();
    const entry: Waiting = { asked, resolve, reject, isGone: false };
    const abort = () => this.#leave(entry);
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push(entry);
    this.#writeNext();
    return promise.finally(() => signal.removeEventListener("abort", abort));
  }

  #writeNext(): void {
    if (this.#batch !== undefined || this.#waiting.length === 0) return;
    const members = compatible(this.#waiting);
    this.#waiting = this.#waiting.filter((entry) => !members.includes(entry));
    const batch: Batch = { members, source: createCancelSource() };
    this.#batch = batch;
    void this.#carryOut(batch).finally(() => {
      this.#batch = undefined;
      this.#writeNext();
    });
  }

  async #carryOut({ members, source }: Batch): Promise<void> {
    try {
      const changed = await this.#change(members, { signal: source.signal });
      for (const member of members) settle(member, changed);
    } catch (thrown) {
      for (const { reject } of members) reject(thrown);
    }
  }

  #change(members: readonly Waiting[], options: CallOptions): Promise<DocumentChange<RouteTable>> {
    const { api, routeTableId } = this.#tools;
    return changeDocument<RouteTable>(
      this.#tools,
      {
        call: { action: "routeTables.createOrUpdate", object: routeTableId },
        read: (call) => api.getRouteTable(routeTableId, call),
        edit: (table) => {
          const after = members.reduce((edited, { asked }) => editRoutes(asked, edited), table);
          return after === table ? undefined : after;
        },
        write: (table, call) => api.putRouteTable(table, call),
      },
      options,
    );
  }

  /** The write goes on for the others, and ends when nobody waits for it. */
  #leave(entry: Waiting): void {
    entry.isGone = true;
    if (this.#waiting.includes(entry)) {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
      entry.reject(cancelled());
      return;
    }
    if (this.#batch?.members.every(({ isGone }) => isGone)) this.#batch.source.abort("nobody waits for it");
    const { routeTableId } = this.#tools;
    entry.reject(
      new PodwireError("CLOUD_OUTCOME_UNKNOWN", `the update of ${routeTableId} was aborted on its way`, {
        op: `update ${routeTableId}`,
        details: "routeTables.createOrUpdate",
      }),
    );
  }
}

/** The first, and those behind it that speak of other CIDRs than those before: their order plays no part. */
function compatible(waiting: readonly Waiting[]): readonly Waiting[] {
  const spoken = new Set<string>();
  const members: Waiting[] = [];
  for (const entry of waiting) {
    const cidrs = [...entry.asked.wanted.map(({ cidr }) => cidr), ...entry.asked.remove];
    if (cidrs.some((cidr) => spoken.has(cidr))) break;
    for (const cidr of cidrs) spoken.add(cidr);
    members.push(entry);
  }
  return members;
}

function settle({ asked, resolve, reject }: Waiting, changed: DocumentChange<RouteTable>): void {
  try {
    resolve(outcomeOfRoutes(asked, changed));
  } catch (failure) {
    reject(failure);
  }
}

function cancelled(): PodwireError {
  return new PodwireError("CANCELLED", "the change of routes was cancelled before it was sent");
}
