import { PodwireError } from "../errors/podwire-error.ts";
import { describeIssue, formatPath, type SchemaIssue } from "../errors/schema-issue.ts";
import { childSchema, configJsonSchema, type JsonSchema } from "./json-schema.ts";
import { nearest } from "./nearest.ts";
import { type Config, configSchema } from "./schema.ts";

/** More problems than these are not listed. */
const maxProblems = 10;

/**
 * The configuration out of a parsed file (`null` for an empty one), defaults filled in, frozen all the way down.
 * @throws INVALID_DAEMON_CONFIG listing every problem with the path of its key and the offending value
 */
export function parseConfig(value: unknown): Config {
  const input = value ?? {};
  const parsed = configSchema.safeParse(input);
  if (parsed.success) return deepFreeze(parsed.data);
  const problems = parsed.error.issues.flatMap((issue) => describeProblems(issue as IssueWithKeys, input));
  const more = problems.length > maxProblems ? [`and ${problems.length - maxProblems} more`] : [];
  throw new PodwireError("INVALID_DAEMON_CONFIG", [...problems.slice(0, maxProblems), ...more].join("; "));
}

interface IssueWithKeys extends SchemaIssue {
  /** Of an issue `unrecognized_keys`. */
  readonly keys?: readonly string[];
  /** Of an issue `invalid_key`: what is wrong with the key that ends `path`. */
  readonly issues?: readonly SchemaIssue[];
}

function describeProblems(issue: IssueWithKeys, input: unknown): string[] {
  if (issue.code === "unrecognized_keys") return (issue.keys ?? []).map((key) => describeUnknownKey(issue.path, key));
  if (issue.code === "invalid_key") {
    return [`${formatPath(issue.path)} has a wrong name: ${issue.issues?.[0]?.message ?? issue.message}`];
  }
  return [describeIssue(issue, input, "the configuration").text];
}

function describeUnknownKey(path: readonly PropertyKey[], key: string): string {
  const parent = path.reduce<JsonSchema | undefined>(
    (schema, step) => schema && childSchema(schema, step),
    configJsonSchema(),
  );
  const meant = nearest(key, Object.keys(parent?.properties ?? {}));
  const suggestion = meant === undefined ? "" : `; did you mean ${formatPath([...path, meant])}?`;
  return `unknown key ${formatPath([...path, key])}${suggestion}`;
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
