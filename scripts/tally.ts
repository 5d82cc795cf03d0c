/** What came of one run of vitest. Written by the reporter, read by `scripts/test.ts`. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** The failed tests that ended: one that never did is only counted. */
  readonly failures: readonly FailedTest[];
  readonly skipped: readonly SkippedTest[];
  /** What went wrong outside of any test: a file that does not load, a hook that throws, an unhandled rejection. */
  readonly problems: readonly string[];
}

export interface FailedTest {
  /** Begins with the path of its file. */
  readonly name: string;
  /** Names of the classes of what was thrown. */
  readonly errors: readonly string[];
}

export interface SkippedTest {
  readonly name: string;
  readonly reason: string | undefined;
}

/** How the process that ran vitest ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export const noTests: Tally = { passed: 0, failed: 0, failures: [], skipped: [], problems: [] };

/** The tally as it counts: every problem is a failure, and so is an end that the tally does not explain. */
export function judge(tally: Tally | undefined, end: ProcessEnd, mayBeEmpty: boolean): Tally {
  const counted = tally ?? { ...noTests, problems: [`vitest ${endOf(end)} without a report`] };
  const failed = counted.failed + counted.problems.length;
  const problems = [...counted.problems];
  if (failed === 0 && end.exitCode !== 0) problems.push(`vitest ${endOf(end)} although no test failed`);
  else if (!mayBeEmpty && failed + counted.passed + counted.skipped.length === 0) problems.push("no test ran");
  return { ...counted, failed: counted.failed + problems.length, problems };
}

export function sumTallies(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    failures: tallies.flatMap(({ failures }) => failures),
    skipped: tallies.flatMap(({ skipped }) => skipped),
    problems: tallies.flatMap(({ problems }) => problems),
  };
}

/** The line that whoever runs the tests reads last. */
export function tallyLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`;
}

export function endOf(end: ProcessEnd): string {
  return end.signal === null ? `exited with ${end.exitCode}` : `was ended by ${end.signal}`;
}
