import { quoteValue } from "./podwire-error.ts";

/** What a zod issue tells; structural, so that this folder needs no zod. */
export interface SchemaIssue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** One problem of an input, as the person who wrote the input reads it. */
export interface InputProblem {
  /** `pools.default.warm`, `egress.excludedCidrs[0]` */
  readonly field: string;
  /** The offending value, quoted; absent when it is missing. */
  readonly value?: string;
  readonly text: string;
}

/**
 * @param root what the input as a whole is called, where the problem is not in one of its keys
 */
export function describeIssue(issue: SchemaIssue, input: unknown, root: string): InputProblem {
  const field = formatPath(issue.path) || root;
  const found = valueAt(input, issue.path);
  const expectation = lowerFirst(issue.message.replace(/^Invalid [a-z]+: |^Too (?:big|small): /, ""));
  if (found === undefined) return { field, text: `${field} is missing: ${expectation}` };
  const value = quoteValue(found);
  return { field, value, text: `${field} ${value}: ${expectation}` };
}

/** The path as one would write it in JavaScript. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => `${text}${formatKey(key, text === "")}`, "");
}

/** The value at `path`, own properties only; undefined where there is none. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function formatKey(key: PropertyKey, first: boolean): string {
  if (typeof key === "number") return `[${key}]`;
  const text = String(key);
  if (!/^[A-Za-z_][\w-]*$/.test(text)) return `[${quoteValue(text)}]`;
  return first ? text : `.${text}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
