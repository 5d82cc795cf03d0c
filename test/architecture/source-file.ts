import { posix } from "node:path";
import { parseAst } from "vitest/node";

/** A TypeScript source as the rules of this folder see it. Lines count from 1. */
export interface SourceFile {
  /** Relative to the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  readonly references: readonly Reference[];
  readonly functions: readonly FunctionFacts[];
  /** Names of the functions, classes, types and constants that are declared at the top level. */
  readonly declarations: readonly Reference[];
}

export interface Import {
  /** Path in the repository where the specifier is relative, otherwise the specifier as it stands. */
  readonly target: string;
  /** `type` imports are gone when the program runs. */
  readonly kind: "type" | "static" | "dynamic" | "url";
  readonly line: number;
}

/** A name that is used, with what is taken from it: `process.stdout.write`. Local names are in the list too. */
export interface Reference {
  readonly name: string;
  readonly line: number;
}

export interface FunctionFacts {
  readonly line: number;
  readonly lineCount: number;
}

/** An import whose specifier is computed at run time. */
export const unknownTarget = "<computed>";

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Reads imports (static, type-only, re-exports, dynamic, by URL), used names and functions from one source. */
export function parseSource(path: string, text: string): SourceFile {
  const program = parseAst(text, { lang: "ts" }) as unknown as Node;
  const lineOf = lineIndex(text);
  const imports: Import[] = [];
  const references: Reference[] = [];
  const functions: FunctionFacts[] = [];
  walk(program, undefined, (node, parent) => {
    const line = lineOf(node.start);
    for (const site of importSites(node)) imports.push({ ...site, target: resolveTarget(path, site.target), line });
    const name = isNamePosition(node, parent) ? undefined : dottedName(node);
    if (name !== undefined && !isMember(parent)) references.push({ name: name.replace(/^globalThis\./, ""), line });
    if (isBlockFunction(node)) functions.push({ line, lineCount: lineOf(node.end) - line + 1 });
  });
  return { path, text, imports, references, functions, declarations: declarationsOf(program, lineOf) };
}

type ImportSite = Pick<Import, "target" | "kind">;

function importSites(node: Node): readonly ImportSite[] {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
      return node["source"] === null ? [] : sitesOf(node["source"], kindOf(node));
    case "ImportExpression":
      return sitesOf(node["source"], "dynamic");
    case "TSImportType":
      return sitesOf(node["source"], "type");
    case "NewExpression":
      return dottedName(node["callee"] as Node) === "URL" ? urlSites(node) : [];
    case "CallExpression":
      return dottedName(node["callee"] as Node) === "import.meta.resolve" ? sitesOf(argumentsOf(node)[0], "url") : [];
    default:
      return [];
  }
}

function kindOf(declaration: Node): Import["kind"] {
  return declaration["importKind"] === "type" || declaration["exportKind"] === "type" ? "type" : "static";
}

/** `new URL("./worker.ts", import.meta.url)` names a module as surely as an import does. */
function urlSites(node: Node): readonly ImportSite[] {
  const [specifier, base] = argumentsOf(node);
  return base !== undefined && dottedName(base) === "import.meta.url" ? sitesOf(specifier, "url") : [];
}

function argumentsOf(node: Node): readonly Node[] {
  return node["arguments"] as readonly Node[];
}

function sitesOf(specifier: unknown, kind: Import["kind"]): readonly ImportSite[] {
  const texts = textsOf(specifier as Node | undefined) ?? [unknownTarget];
  return texts.map((target) => ({ target, kind }));
}

/**
 * Every text that an expression may be, where that can be seen: a literal, a choice by a condition, a template of
 * both.
 */
function textsOf(node: Node | undefined): readonly string[] | undefined {
  if (node?.type === "ConditionalExpression") {
    const either = textsOf(node["consequent"] as Node);
    const or = textsOf(node["alternate"] as Node);
    return either === undefined || or === undefined ? undefined : [...either, ...or];
  }
  if (node?.type === "TemplateLiteral") return templateTexts(node);
  const value = node?.["value"];
  return typeof value === "string" ? [value] : undefined;
}

function templateTexts(node: Node): readonly string[] | undefined {
  const [first, ...quasis] = (node["quasis"] as readonly Node[]).map(({ value }) => (value as { raw: string }).raw);
  let texts: readonly string[] = [first ?? ""];
  for (const [index, quasi] of quasis.entries()) {
    const parts = textsOf((node["expressions"] as readonly Node[])[index]);
    if (parts === undefined) return undefined;
    texts = texts.flatMap((text) => parts.map((part) => text + part + quasi));
  }
  return texts;
}

function resolveTarget(from: string, specifier: string): string {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : specifier;
}

function dottedName(node: Node): string | undefined {
  if (node.type === "Identifier") return node["name"] as string;
  if (node.type === "MetaProperty") return "import.meta";
  if (node.type !== "MemberExpression" || node["computed"] === true) return undefined;
  const object = dottedName(node["object"] as Node);
  return object === undefined ? undefined : `${object}.${(node["property"] as Node)["name"]}`;
}

/** Whether the node is what something is called (a key, a member's name), not a use of that name. */
function isNamePosition(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined || parent["computed"] === true) return false;
  return parent["property"] === node || (parent["key"] === node && parent["shorthand"] !== true);
}

function isMember(node: Node | undefined): boolean {
  return node?.type === "MemberExpression" && node["computed"] !== true;
}

function isBlockFunction(node: Node): boolean {
  const isFunction = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
  return isFunction && (node["body"] as Node | null)?.type === "BlockStatement";
}

function declarationsOf(program: Node, lineOf: (offset: number) => number): readonly Reference[] {
  return (program["body"] as readonly Node[]).flatMap((statement) => {
    const declaration = (statement["declaration"] ?? statement) as Node;
    const declarators = (declaration["declarations"] as readonly Node[] | undefined) ?? [declaration];
    const line = lineOf(statement.start);
    return declarators.flatMap((declarator) => {
      const name = (declarator["id"] as Node | null | undefined)?.["name"];
      return typeof name === "string" ? [{ name, line }] : [];
    });
  });
}

function walk(node: Node, parent: Node | undefined, visit: (node: Node, parent: Node | undefined) => void): void {
  visit(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, node, visit);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).type === "string";
}

function lineIndex(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
