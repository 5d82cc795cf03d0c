import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { hostCidr, parseAddress, type StateChange, type StateStore } from "@podwire/core";
import { comparableState, createMemoryStore, putsOf, sampleState, storeContract } from "@podwire/testkit";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStateFile } from "./state-file.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-store-"));
  path = join(directory, "state.db");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(at = path): StateStore {
  return openStateFile({ path: at, bootId: "boot-1" }).store;
}

describe("the SQLite store keeps the contract of StateStore", () => {
  storeContract({
    test,
    createPlace: () => {
      const stores: StateStore[] = [];
      return {
        open: () => {
          const store = open();
          stores.push(store);
          return store;
        },
        // The file is opened again while the old handle is still there: nothing of it was flushed by a close.
        crash: () => {},
        dispose: () => {
          for (const store of stores) store.close();
        },
      };
    },
  });
});

describe("the SQLite store and the memory store", () => {
  test("make the same state of the same changes, refusals included", () => {
    let run = 0;
    fc.assert(
      fc.property(commits(), (commits) => {
        const file = open(join(directory, `run-${run++}.db`));
        const memory = createMemoryStore();
        try {
          for (const changes of [putsOf(sampleState), ...commits]) {
            expect(attempt(file, changes)).toBe(attempt(memory, changes));
            expect(comparableState(file.load())).toEqual(comparableState(memory.load()));
          }
        } finally {
          file.close();
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("a process that is killed while it writes", () => {
  test("leaves every commit that had returned, each of them whole", async () => {
    const writer = spawn(process.execPath, [...process.execArgv, "--input-type=module", "--eval", writerSource()], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const returned = await killAfter(writer, 25);
    const store = open();
    const { tombstones, meta } = store.load();
    store.close();
    expect(tombstones.length).toBeGreaterThanOrEqual(returned);
    expect(meta.get("node")).toBe(String(tombstones.length));
  });
});

/** Commits a count and as many tombstones for ever, and prints a line after each commit. */
function writerSource(): string {
  return `
    import { writeSync } from "node:fs";
    import { openStateFile } from ${JSON.stringify(new URL("./state-file.ts", import.meta.url).href)};
    const { store } = openStateFile({ path: ${JSON.stringify(path)}, bootId: "boot-1" });
    for (let count = 1; ; count++) {
      store.commit([
        { put: "meta", key: "node", value: String(count) },
        { put: "tombstone", record: { interfaceId: "eni-" + count, cidr: "10.0.0.0/28", releasedMs: count } },
      ]);
      writeSync(1, count + "\\n");
    }`;
}

/** Kills the writer right after the line of its `count`-th commit; answers the last line it wrote. */
async function killAfter(writer: ChildProcess, count: number): Promise<number> {
  const ended = once(writer, "close");
  let last = 0;
  for await (const line of createInterface({ input: writer.stdout as NodeJS.ReadableStream })) {
    last = Number(line);
    if (last === count) writer.kill("SIGKILL");
  }
  await ended;
  expect(last).toBeGreaterThanOrEqual(count);
  return last;
}

function attempt(store: StateStore, changes: readonly StateChange[]): "done" | "refused" {
  try {
    store.commit(changes);
    return "done";
  } catch {
    return "refused";
  }
}

function commits(): fc.Arbitrary<StateChange[][]> {
  return fc.array(fc.array(change(), { maxLength: 3, size: "max" }), { maxLength: 60, size: "max" });
}

/** Changes over few keys, so that they meet; many of them are refused. */
function change(): fc.Arbitrary<StateChange> {
  const [block] = sampleState.blocks;
  const [attachment] = sampleState.attachments;
  const [network] = sampleState.interfaces;
  if (block === undefined || attachment === undefined || network === undefined) throw new Error("no samples");
  const id = fc.constantFrom("eni-1", "eni-2");
  const cidr = fc.constantFrom(block.cidr, hostCidr(parseAddress("10.0.9.7")));
  const address = fc.constantFrom(parseAddress("10.0.8.17"), parseAddress("10.0.9.7"));
  const key = fc.constantFrom(attachment.key, { ...attachment.key, ifName: "net1" });
  const timeMs = fc.constantFrom(0, 1, 2.5);
  return fc.oneof(
    fc.record({ delete: fc.constant("interface"), id }),
    fc.record({ delete: fc.constant("block"), cidr }),
    fc.record({ delete: fc.constant("address"), address }),
    fc.record({ delete: fc.constant("attachment"), key }),
    fc.record({ delete: fc.constant("tombstone"), interfaceId: id, cidr }),
    fc.record({ put: fc.constant("meta"), key: fc.constantFrom("node", "limits"), value: fc.json() }),
    fc.record({ put: fc.constant("tombstone"), record: fc.record({ interfaceId: id, cidr, releasedMs: timeMs }) }),
    fc
      .record({ id, ordinal: fc.constantFrom(0, 1, 2) })
      .map((part) => ({ put: "interface", record: { ...network, ...part, mac: `02:00:00:00:00:0${part.id.at(-1)}` } })),
    fc
      .record({ cidr, interfaceId: id, state: fc.constantFrom("assigning", "ready", "lost", "gone"), sinceMs: timeMs })
      .map((record) => ({ put: "block", record })),
    fc
      .record({ key, state: fc.constantFrom("allocating", "ready", "deleting") })
      .map((part) => ({ put: "attachment", record: { ...attachment, ...part } })),
    fc
      .record(
        {
          address,
          block: cidr,
          state: fc.constantFrom("free", "allocated", "cooling"),
          attachment: key,
          freedMs: timeMs,
        },
        { requiredKeys: ["address", "block", "state"] },
      )
      .map((record) => ({ put: "address", record })),
  ) as fc.Arbitrary<StateChange>;
}
