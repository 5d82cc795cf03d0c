import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AttachmentRecord, hostCidr, parseAddress, type StateChange } from "@podwire/core";
import { comparableState, emptyState, putsOf, SeededRandom, sampleState } from "@podwire/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openStateFile } from "./state-file.ts";

/** Files are opened a thousand times, and a real disk is flushed each time; the daemon's are in memory too. */
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const stepBytes = 1024;
const pods = 24;
const podsPerCommit = 6;

/** A node with pods, and a value that is longer than a step. */
const commits: readonly (readonly StateChange[])[] = [
  [...putsOf(sampleState), { put: "meta", key: "network", value: JSON.stringify("subnet ".repeat(500)) }],
  ...Array.from({ length: pods / podsPerCommit }, (_, commit) =>
    Array.from({ length: podsPerCommit }, (_, pod) => podChanges(commit * podsPerCommit + pod)).flat(),
  ),
];

/** Files of a store that was closed, and of one whose process was killed. */
let closed: string;
let killed: string;
/** The state after each commit, as text, and the one of an empty store. */
let history: ReadonlySet<string>;

beforeAll(() => {
  closed = mkdtempSync(join(memory, "podwire-closed-"));
  killed = mkdtempSync(join(memory, "podwire-killed-"));
  const { store } = open(closed);
  const states = commits.map((changes) => {
    store.commit(changes);
    return textOf(store.load());
  });
  history = new Set([textOf(emptyState), ...states]);
  copyFiles(closed, killed);
  store.close();
});
afterAll(() => {
  for (const directory of [closed, killed]) rmSync(directory, { recursive: true, force: true });
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(memory, "podwire-damage-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Damage {
  readonly name: string;
  readonly spoil: (bytes: Buffer, offset: number) => Buffer;
}

const damages: readonly Damage[] = [
  { name: "truncated", spoil: (bytes, offset) => bytes.subarray(0, offset) },
  { name: "filled with noise for a step", spoil: (bytes, offset) => noise(bytes, offset, offset + stepBytes) },
  { name: "filled with noise to its end", spoil: (bytes, offset) => noise(bytes, offset, bytes.length) },
  { name: "filled with zeroes to its end", spoil: (bytes, offset) => Buffer.from(bytes).fill(0, offset) },
];

const places = [
  { name: "the file that was closed", files: () => closed, suffix: "", everyBytes: stepBytes },
  { name: "the file of a killed process", files: () => killed, suffix: "", everyBytes: stepBytes },
  // Long, and of frames of a page each: steps that are no part of a frame meet all places in one.
  { name: "the write-ahead log of a killed process", files: () => killed, suffix: "-wal", everyBytes: 7 * stepBytes },
  { name: "the index of the log of a killed process", files: () => killed, suffix: "-shm", everyBytes: stepBytes },
];

const rows = places.flatMap((place) => damages.map((damage) => ({ ...place, damage })));

test.each(rows)(
  "$name, $damage.name, at place after place: it opens empty or as it was, never in part",
  { timeout: 60_000 },
  (row) => {
    const path = join(row.files(), `state.db${row.suffix}`);
    const whole = readFileSync(path);
    for (let offset = 0; offset < whole.length; offset += row.everyBytes) {
      copyFiles(row.files(), directory);
      writeFileSync(join(directory, `state.db${row.suffix}`), row.damage.spoil(whole, offset));
      const { store, setAside } = open(directory);
      const found = textOf(store.load());
      store.commit([{ put: "meta", key: "node", value: '"writable"' }]);
      store.close();
      expect(history, `damaged at ${offset}`).toContain(found);
      if (setAside !== undefined) expect(found).toBe(textOf(emptyState));
    }
  },
);

function open(at: string) {
  return openStateFile({ path: join(at, "state.db"), bootId: "boot-1" });
}

function copyFiles(from: string, to: string): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    const [source, target] = [from, to].map((at) => join(at, `state.db${suffix}`));
    rmSync(`${target}`, { force: true });
    if (existsSync(`${source}`)) copyFileSync(`${source}`, `${target}`);
  }
}

function noise(bytes: Buffer, from: number, to: number): Buffer {
  const random = new SeededRandom(from + 1);
  const spoilt = Buffer.from(bytes);
  for (let at = from; at < Math.min(to, bytes.length); at++) spoilt[at] = random.integer(256);
  return spoilt;
}

function textOf(state: Parameters<typeof comparableState>[0]): string {
  return JSON.stringify(comparableState(state));
}

function podChanges(pod: number): readonly StateChange[] {
  const [sample] = sampleState.attachments as [AttachmentRecord];
  const address = parseAddress(`10.1.0.${pod + 1}`);
  const block = hostCidr(address);
  const attachment = { ...sample, key: { ...sample.key, containerId: `pod-${pod}` } };
  return [
    { put: "block", record: { cidr: block, interfaceId: "eni-1", state: "ready", sinceMs: pod } },
    { put: "attachment", record: attachment },
    { put: "address", record: { address, block, state: "allocated", attachment: attachment.key } },
  ];
}
