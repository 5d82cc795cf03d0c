import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSabotage, type Sabotage } from "./sabotage.ts";

/** Where the patch files lie in the repository. */
export const sabotageFolder = "test/sabotage";

const invariants = Array.from({ length: 12 }, (_, index) => index + 1);

/**
 * Every sabotage of the repository, by number.
 * @throws Error with everything that is wrong with the files, or with the set of them
 */
export function readSabotages(root: string): readonly Sabotage[] {
  const problems: string[] = [];
  const sabotages = readdirSync(join(root, sabotageFolder))
    .sort()
    .flatMap((fileName) => {
      try {
        return [parseSabotage(fileName, readFileSync(join(root, sabotageFolder, fileName), "utf8"))];
      } catch (error) {
        problems.push((error as Error).message);
        return [];
      }
    });
  problems.push(...problemsOfSet(sabotages, (path) => existsSync(join(root, path))));
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return sabotages;
}

/** What no single file shows: numbers given twice, tests that are not there, invariants without any sabotage. */
export function problemsOfSet(sabotages: readonly Sabotage[], exists: (path: string) => boolean): readonly string[] {
  const numbers = sabotages.map(({ name }) => name.slice(0, 2));
  const twice = numbers.filter((number, index) => numbers.indexOf(number) !== index);
  const absent = sabotages.flatMap(({ name, tests }) =>
    tests.filter((path) => !exists(path)).map((path) => `${name}: there is no ${path}`),
  );
  const unbroken = invariants.filter((number) => !sabotages.some(({ invariant }) => invariant === number));
  return [
    ...twice.map((number) => `the number ${number} is given twice`),
    ...absent,
    ...unbroken.map((number) => `no sabotage breaks invariant ${number}`),
  ];
}
