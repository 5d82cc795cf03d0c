import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorFrom } from "@podwire/core";
import { createProbes } from "@podwire/testkit";
import { createCleanUp } from "./clean-up.ts";
import type { Interrupts } from "./interrupts.ts";
import { createJournal, formatMs, type Journal } from "./journal.ts";
import { leftovers } from "./leftovers.ts";
import { runDirectoryOf } from "./node.ts";
import type { DemoOptions } from "./options.ts";
import { nodeMachines } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { type Findings, noFindings, tellStory } from "./story.ts";
import { renderSummary } from "./summary.ts";

export interface DemoSurroundings {
  /** Takes whole lines without their end. */
  readonly write: (line: string) => void;
  readonly interrupts: Interrupts;
}

/** What a shell shows for a program that Ctrl-C ended: 128 + SIGINT. */
const interruptedExitCode = 130;

/** @returns the exit code: 0 only if every check held and nothing is left */
export async function runDemo(options: DemoOptions, { write, interrupts }: DemoSurroundings): Promise<number> {
  const startedMs = performance.now();
  const journal = createJournal({ write, nowMs: () => performance.now(), signal: interrupts.signal });
  const findings = noFindings();
  await playAndClear({ options, journal, findings, interrupts });
  if (findings.adds.length > 0) write(`\n${renderSummary(findings)}`);
  if (options.jsonFile !== undefined) writeRecord(options, journal, findings);
  const failed = journal.checks.filter(({ held }) => !held);
  for (const { claim, seen } of failed) write(`FAILED: ${claim}: ${seen}`);
  const total = `${journal.checks.length} checks in ${formatMs(performance.now() - startedMs)}`;
  write(failed.length === 0 ? `\nAll held: ${total}.` : `\n${failed.length} failed of ${total}.`);
  if (interrupts.signal.aborted) return interruptedExitCode;
  return failed.length === 0 ? 0 : 1;
}

interface Play {
  readonly options: DemoOptions;
  readonly journal: Journal;
  readonly findings: Findings;
  readonly interrupts: Interrupts;
}

/** The story, and whatever became of it, everything put away. */
async function playAndClear({ options, journal, findings, interrupts }: Play): Promise<void> {
  const cleanUp = createCleanUp();
  const directory = mkdtempSync(join(tmpdir(), "podwire-demo-"));
  const directories = [directory, ...nodeMachines(options.pods).map(({ name }) => runDirectoryOf(name))];
  for (const made of directories) cleanUp.add(() => rmSync(made, { recursive: true, force: true }));
  const probes = createProbes();
  cleanUp.add(probes.close);
  const stage: Stage = { options, journal, cleanUp, probes, directory, nodes: [] };
  const story = tellStory(stage, findings, interrupts);
  await Promise.race([story, interruption(interrupts.signal)]).catch((error) => reportError(journal, error));
  if (journal.checks.some(({ held }) => !held)) noteLogs(stage);
  for (const error of await cleanUp.run()) reportError(journal, error);
  // A story that was interrupted ends by the loss of what it plays with, and may have made something meanwhile.
  await story.catch(() => {});
  for (const error of await cleanUp.run()) reportError(journal, error);
  const left = await leftovers(directories);
  journal.check("nothing is left: no namespace, link, process or file", left.length === 0, left.join(", "));
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

function reportError(journal: Journal, thrown: unknown): void {
  const { code, message, details } = errorFrom(thrown);
  journal.check("the demo runs to its end", false, `${code}: ${message}`);
  if (details !== undefined) journal.note(details);
}

function noteLogs({ journal, nodes }: Stage): void {
  for (const { name, podwired } of nodes) {
    journal.note(`the end of the log of podwired on ${name}:\n${podwired.lines.slice(-15).join("\n")}`);
  }
}

function writeRecord(options: DemoOptions, { steps, checks }: Journal, findings: Findings): void {
  writeFileSync(options.jsonFile ?? "", `${JSON.stringify({ options, steps, checks, ...findings }, undefined, 2)}\n`);
}
