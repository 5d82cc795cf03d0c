import type { Reference, SourceFile } from "./source-file.ts";

interface Distribution {
  readonly median: number;
  readonly p90: number;
}

export interface Measures {
  readonly fileLines: Distribution;
  readonly functionLines: Distribution;
}

/** Lines of files and of functions with a body, over the sources that are not tests. */
export function measure(sources: readonly SourceFile[]): Measures {
  const measured = sources.filter(({ path }) => !path.endsWith(".test.ts"));
  return {
    fileLines: distribution(measured.map(lineCount)),
    functionLines: distribution(measured.flatMap(({ functions }) => functions.map((one) => one.lineCount))),
  };
}

export function lineCount({ text }: SourceFile): number {
  return text.split("\n").length - 1;
}

/** A text that may stand nowhere in the repository. */
export interface TextRule {
  readonly pattern: RegExp;
  readonly why: string;
}

/** Patterns have a bracket where they would otherwise find themselves. */
export const textRules: readonly TextRule[] = [
  { pattern: /\b(TO[D]O|FIX[M]E|X[X]X|HAC[K])\b/, why: "what is left to do is an issue" },
  { pattern: /(^|[^\w.-])\/(wor[k]|roo[t]|hom[e]\/\w+)\//, why: "a path of one machine" },
  { pattern: /\bregistry\.(npmj[s]\.org|yarnpk[g]\.com)|\/\/[\w.-]+(:\d+)?\/artifactor[y]/, why: "a registry's host" },
  { pattern: /@ts-ignor[e]|@ts-nochec[k]|eslint-disabl[e]/, why: "a check switched off" },
];

/** What matches a rule, as `path:line: text (why)`. */
export function findTexts(path: string, text: string, rules: readonly TextRule[]): readonly string[] {
  return text.split("\n").flatMap((line, index) => {
    const broken = rules.filter(({ pattern }) => pattern.test(line));
    return broken.map(({ why }) => `${path}:${index + 1}: ${line.trim().slice(0, 100)} (${why})`);
  });
}

/** Names that say nothing about what a thing is. */
export function isEmptyName({ name }: Reference): boolean {
  return /(Manager|Helper|Handler|Wrapper|Service)$/.test(name);
}

/** The values in the middle and nine tenths of the way up; 0 of nothing. */
function distribution(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { median: at(0.5), p90: at(0.9) };
}
