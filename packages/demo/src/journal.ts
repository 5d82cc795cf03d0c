/** One claim of the demo and whether it held. */
export interface Check {
  readonly claim: string;
  readonly held: boolean;
  /** What was seen. */
  readonly seen: string;
}

export interface StepRecord {
  readonly title: string;
  readonly ms: number;
}

/** Tells the story as it happens and remembers it. */
export interface Journal {
  /** Announces a part of the demo, does it and says how long it took. */
  step<Result>(title: string, work: () => Promise<Result>): Promise<Result>;
  /** Records whether a claim held; the demo goes on either way. */
  check(claim: string, held: boolean, seen: string): void;
  note(text: string): void;
  readonly steps: readonly StepRecord[];
  readonly checks: readonly Check[];
}

export interface JournalOptions {
  /** Takes whole lines without their end. */
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
  /** Once it is aborted no step begins any more. */
  readonly signal: AbortSignal;
}

export function createJournal({ write, nowMs, signal }: JournalOptions): Journal {
  const steps: StepRecord[] = [];
  const checks: Check[] = [];
  const indented = (text: string) => {
    for (const line of text.split("\n")) write(`    ${line}`);
  };
  return {
    steps,
    checks,
    async step(title, work) {
      signal.throwIfAborted();
      write(`\n${steps.length + 1}. ${title}`);
      const startedMs = nowMs();
      const done = () => {
        const ms = nowMs() - startedMs;
        steps.push({ title, ms });
        return formatMs(ms);
      };
      try {
        const result = await work();
        write(`   done in ${done()}`);
        return result;
      } catch (error) {
        write(`   FAILED after ${done()}`);
        throw error;
      }
    },
    check(claim, held, seen) {
      checks.push({ claim, held, seen });
      write(`   ${held ? "ok  " : "FAIL"} ${claim}${seen === "" ? "" : `: ${seen}`}`);
    },
    note: indented,
  };
}

export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
