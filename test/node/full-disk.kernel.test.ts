import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type CniContainer, callPlugin } from "@podwire/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kernelText } from "../netns/kernel-text.ts";
import { expectAgreement } from "./node-audit.ts";
import { added, type NodeLab, openNodeLab } from "./node-lab.ts";

/** Room for the state, not much more: a write-ahead log is carried over after 4 MiB. */
const diskBytes = 16 * 1024 * 1024;

let lab: NodeLab;
let closeLab = async () => {};

beforeAll(async () => {
  lab = await openNodeLab({ prepareRun: mountDisk });
  closeLab = lab.close;
}, 60_000);
afterAll(() => closeLab());

test("on a full disk ADD fails and leaves nothing, DEL fails or is done, and with room again all goes on", async () => {
  const { podwired } = lab;
  const [lives, late] = [lab.container("lives"), lab.container("late")];
  await added(lab.plugins.c, lives);
  const before = await kernelText(lab.nodeNetnsPath);
  const podBefore = await kernelText(late.netnsPath);
  const empty = fillDisk();
  expect(await call("ADD", late)).toMatchObject({ exitCode: 1, answer: { code: 103 } });
  expect(await kernelText(lab.nodeNetnsPath)).toBe(before);
  expect(await kernelText(late.netnsPath)).toBe(podBefore);
  expect((await podwired.report()).attachments).toMatchObject([{ containerId: lives.containerId, state: "ready" }]);
  // A runtime asks again for a DEL that failed.
  expect(await call("DEL", lives)).toMatchObject({ exitCode: 1, answer: { code: 103 } });
  empty();
  expect(await call("DEL", lives)).toMatchObject({ exitCode: 0 });
  await added(lab.plugins.c, late);
  await expectAgreement(lab, podwired);
  expect(await call("DEL", late)).toMatchObject({ exitCode: 0 });
  await expectAgreement(lab, podwired);
});

test("killed on a full disk, podwired says why it does not start, or starts, and no DEL is lost", async () => {
  const pod = lab.container("survivor");
  const result = await added(lab.plugins.c, pod);
  await lab.podwired.end("SIGKILL");
  const empty = fillDisk();
  // Nobody is there to do it, and there is no room to keep it for later.
  expect(await call("DEL", pod)).toMatchObject({ exitCode: 1, answer: { code: 11 } });
  const started = await lab.start().catch((error: Error) => error);
  empty();
  const podwired = started instanceof Error ? await lab.start() : started;
  if (started instanceof Error) expect(started.message).toMatch(/podwired: (STORE_FAILED|HOST_UNFIT): /);
  expect(await added(lab.plugins.c, pod)).toEqual(result);
  expect(await call("DEL", pod)).toMatchObject({ exitCode: 0 });
  await expectAgreement(lab, podwired);
});

function mountDisk(runDirectory: string): () => void {
  mkdirSync(runDirectory, { mode: 0o700 });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${diskBytes},mode=700`, "tmpfs", runDirectory]);
  return () => void execFileSync("umount", [runDirectory]);
}

/** Returns what makes room again. */
function fillDisk(): () => void {
  const path = join(lab.plugins.c.runDirectory, "filler");
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  } finally {
    closeSync(file);
  }
  return () => rmSync(path);
}

function call(verb: "ADD" | "DEL", container: CniContainer) {
  return callPlugin(lab.plugins.c, verb, { container });
}
