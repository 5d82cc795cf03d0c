/** A fault that somebody might bring into the product, and the tests that must notice it. */
export interface Sabotage {
  /** `07-cooling-counted-as-free`, as its file is named. */
  readonly name: string;
  /** Of the table in ARCHITECTURE.md. */
  readonly invariant: number;
  readonly breaks: string;
  /** Each of these files must turn red. */
  readonly tests: readonly string[];
  readonly suite: "unit" | "kernel";
}

const headerNames = ["Invariant", "Breaks", "Tests", "Suite"] as const;
type Header = Readonly<Record<(typeof headerNames)[number], string>>;

/**
 * Reads a patch file: four header lines in their order, an empty line, a unified diff of the product's sources.
 * @throws Error with the file's name and what is wrong
 */
export function parseSabotage(fileName: string, text: string): Sabotage {
  try {
    const name = /^(\d\d-[a-z0-9]+(?:-[a-z0-9]+)*)\.patch$/.exec(fileName)?.[1];
    if (name === undefined) throw new Error("a file is named like 07-what-is-broken.patch");
    const lines = text.split("\n");
    const header = readHeader(lines);
    checkDiff(lines.slice(headerNames.length + 1));
    return { name, ...readFacts(header) };
  } catch (error) {
    throw new Error(`${fileName}: ${(error as Error).message}`);
  }
}

function readHeader(lines: readonly string[]): Header {
  const entries = headerNames.map((name, index) => {
    const value = new RegExp(`^${name}: (\\S.*)$`).exec(lines[index] ?? "")?.[1];
    if (value === undefined) throw new Error(`line ${index + 1} is not "${name}: …"`);
    return [name, value] as const;
  });
  if (lines[headerNames.length] !== "") throw new Error(`line ${headerNames.length + 1} is not empty`);
  return Object.fromEntries(entries) as Header;
}

function readFacts(header: Header): Omit<Sabotage, "name"> {
  const suite = header.Suite;
  if (suite !== "unit" && suite !== "kernel") throw new Error(`there is no suite "${suite}"`);
  if (!/^([1-9]|1[0-2])$/.test(header.Invariant)) throw new Error(`there is no invariant "${header.Invariant}"`);
  const tests = header.Tests.split(" ");
  const suffix = suite === "kernel" ? /\.kernel\.test\.ts$/ : /(?<!\.kernel)\.test\.ts$/;
  const stranger = tests.find((path) => !suffix.test(path));
  if (stranger !== undefined) throw new Error(`"${stranger}" is no test file of the suite ${suite}`);
  return { invariant: Number(header.Invariant), breaks: header.Breaks, tests, suite };
}

/** What is broken must be the product: a broken test or double turns red as well, and proves nothing. */
function checkDiff(lines: readonly string[]): void {
  const stranger = lines.find((line) => !/^(diff --git |index |@@ |[-+ \\]|$)/.test(line));
  if (stranger !== undefined) throw new Error(`"${stranger}" is no line of a unified diff`);
  const names = lines.flatMap((line) => /^(?:---|\+\+\+) (.*)$/.exec(line)?.[1] ?? []);
  if (names.length === 0 || !lines.some((line) => line.startsWith("@@ "))) throw new Error("there is no unified diff");
  for (const name of names) {
    const path = /^[ab]\/(\S+)$/.exec(name)?.[1];
    if (path === undefined) throw new Error(`"${name}" is no file of the repository with a/ or b/ before it`);
    if (!isProductSource(path)) throw new Error(`${path} is no source of the product`);
  }
}

function isProductSource(path: string): boolean {
  return (
    /^packages\/(core|linux|daemon|cni-bin|aws-eni)\/src\//.test(path) &&
    !path.includes("/../") &&
    !path.includes("/testing/") &&
    !path.endsWith(".test.ts")
  );
}
