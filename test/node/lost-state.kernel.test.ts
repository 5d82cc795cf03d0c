import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CniResult } from "@podwire/core";
import type { PodwiredProcess } from "@podwire/daemon/testing";
import { deleteNetns } from "@podwire/linux";
import { type CniContainer, callPlugin, SeededRandom } from "@podwire/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAgreement } from "./node-audit.ts";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";
import { startAnswering, startTalk, undisturbed } from "./talk.ts";

let lab: NodeLab;
let podwired: PodwiredProcess;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  lab = await openNodeLab();
  podwired = lab.podwired;
  undo.push(lab.close);
}, 60_000);
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

const losses = [
  // A process that ends in good order leaves one file, with everything in it.
  { name: "cut", what: "cut short", signal: "SIGTERM", spoil: (file: string) => truncateSync(file, sizeOf(file) >> 1) },
  { name: "noise", what: "filled with noise", signal: "SIGTERM", spoil: fillWithNoise },
  { name: "gone", what: "gone", signal: "SIGKILL", spoil: removeFiles },
] as const;

test.each(losses)("a state file that is $what while pods live is made again from the kernel", async (loss) => {
  const containers = (names: readonly string[]) => names.map((name) => lab.container(`${name}-${loss.name}`));
  const pods = containers(["one", "two"]);
  const [one, two] = pods as [CniContainer, CniContainer];
  const live = [await add(one), await add(two)];
  const answering = await startAnswering(`${live[1]}`, two.netnsPath);
  const talk = await startTalk(`${live[1]}`, one.netnsPath);
  await podwired.end(loss.signal);
  loss.spoil(stateFile());
  podwired = await lab.start();
  expect(podwired.lines.some((line) => line.includes('"state set aside"'))).toBe(loss.what !== "gone");
  // The instance has room for nine: seven are left, and the two are not among them.
  const others = containers(["3", "4", "5", "6", "7", "8", "9"]);
  const handedOut = await Promise.all(others.map(add));
  expect(new Set([...live, ...handedOut]).size).toBe(9);
  await expectAgreement(lab, podwired);
  expect(await talk.end()).toMatchObject(undisturbed);
  await answering.end();
  for (const pod of [...pods, ...others]) await del(pod);
  expect((await podwired.report()).attachments).toEqual([]);
  await expectAgreement(lab, podwired);
});

test("a state file of another boot is set aside, and nothing of it is believed", async () => {
  const pod = lab.container("before-the-boot");
  await add(pod);
  await podwired.end("SIGKILL");
  // A boot leaves no namespace, and no link with it.
  deleteNetns(pod.netnsPath);
  const bootId = join(tmpdir(), "boot-id");
  writeFileSync(bootId, "11111111-2222-3333-4444-555555555555\n");
  const mount = `mount --bind ${bootId} /proc/sys/kernel/random/boot_id && exec "$@"`;
  podwired = await lab.start({ through: ["unshare", "--mount", "sh", "-c", mount, "boot"] });
  expect(await podwired.line('"state set aside"')).toContain('"why":"boot"');
  expect((await podwired.report()).attachments).toEqual([]);
  await expectAgreement(lab, podwired);
  expect((await podwired.report()).pools).toMatchObject([{ addresses: { free: 9, allocated: 0, cooling: 0 } }]);
});

function stateFile(): string {
  return join(lab.plugins.c.runDirectory, "state.db");
}

function sizeOf(file: string): number {
  return readFileSync(file).length;
}

function fillWithNoise(file: string): void {
  const random = new SeededRandom(1);
  const bytes = readFileSync(file);
  for (let at = 100; at < bytes.length; at++) bytes[at] = random.integer(256);
  writeFileSync(file, bytes);
}

function removeFiles(file: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`);
}

async function add(container: CniContainer): Promise<string> {
  const result = (await added(lab.plugins.c, container)) as CniResult;
  return `${result.ips?.[0]?.address.split("/")[0]}`;
}

async function del(container: CniContainer): Promise<void> {
  expect(await callPlugin(lab.plugins.c, "DEL", { container })).toMatchObject({ exitCode: 0 });
}
