import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { CniResult } from "@podwire/core";
import type { PodwiredProcess } from "@podwire/daemon/testing";
import { type CniContainer, callPlugin, SeededRandom } from "@podwire/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { expectAgreement } from "./node-audit.ts";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";
import { startAnswering, startTalk, undisturbed } from "./talk.ts";

const kills = 4;
const seed = Number(process.env["CRASH_SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
const patient = { warm: 2, cooldownMs: 600_000 };
/** What is deleted may be used again at once: rounds must not run out of addresses. */
const hasty = { warm: 2, cooldownMs: 0 };

let lab: NodeLab;
let podwired: PodwiredProcess;
let undo: (() => unknown)[] = [];

beforeAll(async () => {
  lab = await openNodeLab({ pool: patient });
  podwired = lab.podwired;
  undo.push(lab.close);
}, 60_000);
afterAll(async () => {
  for (const step of undo.reverse()) await step();
  undo = [];
});

test("killed while EC2 works on a call, podwired asks what came of it before it asks for more", async () => {
  await expectAgreement(lab, podwired);
  const delay = { kind: "delay", delayMs: 2_000, when: "after" } as const;
  const swift = lab.vpc.aws.faults.add({ action: "AssignPrivateIpAddresses", when: "always", effect: delay });
  lab.vpc.aws.log.clear();
  const more = { ...patient, warm: 6 };
  await restart("SIGTERM", more);
  await vi.waitFor(() => expect(assigned()).toHaveLength(1), { timeout: 10_000 });
  await restart("SIGKILL", more);
  swift();
  await vi.waitFor(async () => expect((await podwired.report()).pools).toMatchObject([{ available: 6 }]), {
    timeout: 10_000,
  });
  await expectAgreement(lab, podwired);
  expect(assigned()).toHaveLength(1);
});

test("killed again and again while pods come and go, podwired costs no pod a packet, and nothing is left over", async () => {
  const random = new SeededRandom(seed);
  console.log(`restart: CRASH_SEED=${seed}`);
  const [first, second] = [lab.container("first"), lab.container("second")];
  const [, target] = [await add(first), await add(second)];
  const peer = lab.outside;
  for (const { address, netnsPath } of [{ address: target, netnsPath: second.netnsPath }, peer]) {
    const answering = await startAnswering(address, netnsPath);
    undo.push(answering.end);
  }
  const talks = [await startTalk(target, first.netnsPath), await startTalk(peer.address, first.netnsPath)];
  // EC2 takes its time, so that some of the kills find a call under way.
  const delay = { kind: "delay", delayMs: 300, when: "after" } as const;
  const swift = lab.vpc.aws.faults.add({ action: "*", when: "always", effect: delay });
  const containers = Array.from({ length: 4 }, (_, index) => lab.container(`churn-${index}`));
  await restart("SIGTERM", hasty);
  for (let round = 0; round < kills; round++) {
    const lives = containers.map((container) => liveAndDie(container, random.fork()));
    const pause = Promise.withResolvers<void>();
    setTimeout(pause.resolve, random.integer(600));
    await pause.promise;
    await restart("SIGKILL", hasty);
    await Promise.all(lives);
  }
  swift();
  await expectAgreement(lab, podwired);
  const { attachments } = await podwired.report();
  expect(attachments.map(({ containerId }) => containerId).sort()).toEqual(["lab-first", "lab-second"]);
  for (const talk of talks) expect(await talk.end()).toMatchObject(undisturbed);
  for (const container of [first, second]) await del(container);
  await expectAgreement(lab, podwired);
}, 60_000);

test("a cool-down goes on where the killed process was, and the attachment that stays gets its result again", async () => {
  await restart("SIGTERM", patient);
  const [stays, goes] = [lab.container("stays"), lab.container("goes")];
  const result = await added(lab.plugins.c, stays);
  const rests = await add(goes);
  await del(goes);
  const before = (await podwired.report()).pools[0]?.addresses;
  expect(before).toMatchObject({ allocated: 1, cooling: expect.any(Number) });
  expect(before?.cooling).toBeGreaterThan(0);
  await restart("SIGKILL", patient);
  expect((await podwired.report()).pools[0]?.addresses).toMatchObject({ allocated: 1, cooling: before?.cooling });
  expect(await added(lab.plugins.c, stays)).toEqual(result);
  expect(await add(goes)).not.toBe(rests);
  for (const container of [stays, goes]) await del(container);
  await expectAgreement(lab, podwired);
});

test("a DEL that was kept while podwired was away is carried out at its start, but not on a later life of the key", async () => {
  const pod = lab.container("key");
  await add(pod);
  await podwired.end("SIGKILL");
  await del(pod);
  const spool = join(lab.plugins.c.runDirectory, "spool");
  const [name = ""] = readdirSync(spool);
  const kept = join(lab.plugins.c.runDirectory, "kept-entry");
  cpSync(join(spool, name), kept);
  podwired = await lab.start({ pool: hasty });
  expect((await podwired.report()).attachments).toEqual([]);
  await expectAgreement(lab, podwired);
  const again = await add(pod);
  cpSync(kept, join(spool, name));
  await vi.waitFor(() => expect(podwired.lines.filter((line) => line.includes('"spooled DEL done"'))).toHaveLength(2));
  expect(readdirSync(spool)).toEqual([]);
  expect((await podwired.report()).attachments).toMatchObject([{ addresses: [again] }]);
  await expectAgreement(lab, podwired);
  await del(pod);
});

/** What a runtime does for a pod that is started and stopped: what fails is asked for again. */
async function liveAndDie(container: CniContainer, random: SeededRandom): Promise<void> {
  for (let life = 0; life < 2; life++) {
    const address = await vi.waitFor(() => addOrTakeBack(container), { timeout: 30_000 });
    expect(address).toMatch(/^10\./);
    if (random.chance(0.5)) await vi.waitFor(() => del(container), { timeout: 30_000 });
  }
  await vi.waitFor(() => del(container), { timeout: 30_000 });
}

async function addOrTakeBack(container: CniContainer): Promise<string> {
  const outcome = await callPlugin(lab.plugins.c, "ADD", { container });
  if (outcome.exitCode !== 0) await del(container);
  expect(outcome).toMatchObject({ exitCode: 0 });
  return addressIn(outcome.answer as CniResult);
}

async function restart(signal: "SIGTERM" | "SIGKILL", pool: Readonly<Record<string, number>>): Promise<void> {
  await podwired.end(signal);
  podwired = await lab.start({ pool });
}

async function add(container: CniContainer): Promise<string> {
  return addressIn((await added(lab.plugins.c, container)) as CniResult);
}

async function del(container: CniContainer): Promise<void> {
  expect(await callPlugin(lab.plugins.c, "DEL", { container })).toMatchObject({ exitCode: 0 });
}

function addressIn(result: CniResult): string {
  return `${result.ips?.[0]?.address.split("/")[0]}`;
}

/** Assignments that EC2 was asked for. */
function assigned() {
  return lab.vpc.aws.log.calls.filter(({ action }) => action === "AssignPrivateIpAddresses");
}
