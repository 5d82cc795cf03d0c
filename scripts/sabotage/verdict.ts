import { endOf, type FailedTest, type ProcessEnd, type Tally } from "../tally.ts";

/** One run of test files in a scratch tree. */
export interface TestRun {
  /** Undefined when the run ended without one. */
  readonly tally: Tally | undefined;
  readonly end: ProcessEnd;
  readonly output: string;
}

/** `killed`: the tests noticed. `survived`: they did not, or nobody knows. */
export type Verdict =
  | { readonly kind: "killed"; readonly by: number }
  | { readonly kind: "survived"; readonly why: string };

/** A test that fails with nothing but these has met a mistake in the patch, not what the patch is to break. */
const errorsOfThePatch = ["SyntaxError", "ReferenceError", "TypeError"];

/** Whether the tests of a sabotaged tree noticed: in each of the files a test must have run and failed. */
export function judgeSabotaged(run: TestRun, files: readonly string[]): Verdict {
  const { tally } = run;
  if (tally === undefined) return { kind: "survived", why: describeEnd(run) };
  const kills = tally.failures.filter(({ errors }) => errors.some((name) => !errorsOfThePatch.includes(name)));
  const green = files.filter((file) => !kills.some((test) => isOf(test, file)));
  if (green.length === 0) return { kind: "killed", by: kills.length };
  return { kind: "survived", why: `${green.join(", ")}: ${reasonOf(tally, green)}` };
}

/** Undefined when the files are all green as they stand; else what is not. */
export function faultOfBaseline(run: TestRun): string | undefined {
  const { tally } = run;
  if (tally === undefined) return describeEnd(run);
  const red = [...tally.failures.map(({ name }) => name), ...tally.problems];
  if (red.length > 0 || tally.failed > 0) return red.join("; ") || `${tally.failed} tests never ended`;
  return tally.passed === 0 ? "no test ran" : undefined;
}

function describeEnd({ end, output }: TestRun): string {
  const [error] = /^\w*Error: .*$/m.exec(output) ?? [];
  return `the run ${endOf(end)} without a report${error === undefined ? "" : `: ${error}`}`;
}

function isOf({ name }: FailedTest, file: string): boolean {
  return name.startsWith(`${file} > `);
}

function reasonOf({ failures, problems }: Tally, files: readonly string[]): string {
  const [broken] = failures.filter((test) => files.some((file) => isOf(test, file)));
  if (broken !== undefined) return `failed by a mistake in the patch (${broken.errors.join(", ")})`;
  const [problem] = problems;
  return problem === undefined ? "every test stayed green" : `no test failed, but: ${problem}`;
}
