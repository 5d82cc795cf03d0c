import { PodwireError, quoteValue } from "../errors/podwire-error.ts";
import { formatPath, valueAt } from "../errors/schema-issue.ts";
import { configJsonSchema, type JsonSchema } from "./json-schema.ts";
import { nearest } from "./nearest.ts";

const prefix = "PODWIRE_";

/** Variables of podwire that are no keys of the configuration: where it is, and what the CNI client reads. */
const otherVariables: readonly string[] = ["PODWIRE_CONFIG", "PODWIRE_DEADLINE_MS", "PODWIRE_RUN_DIR"];

/**
 * Puts `PODWIRE_…` environment variables over the keys of a parsed configuration file, before `parseConfig`.
 *
 * The name is the key's path in capitals, `_` between words and steps: `log.level` is PODWIRE_LOG_LEVEL,
 * `pools.default.cooldownMs` is PODWIRE_POOLS_DEFAULT_COOLDOWN_MS. Under `pools` and `networks`, where names are free,
 * the name means the one of the file that is spelled so in capitals, else the same in small letters. Lists are written
 * with commas; the empty text is the empty list. Only single values and lists can be set, no whole objects.
 *
 * @throws INVALID_DAEMON_CONFIG a variable that is no key (the nearest is named), or a value of the wrong type
 */
export function applyOverrides(value: unknown, environment: Readonly<Record<string, string | undefined>>): unknown {
  const names = Object.keys(environment).filter((name) => name.startsWith(prefix) && !otherVariables.includes(name));
  return names.sort().reduce((config, name) => applyOverride(config, name, environment[name] ?? ""), value);
}

/** The variable that sets the key at `path`. */
export function overrideName(path: readonly string[]): string {
  return prefix + path.map(capitals).join("_");
}

interface Target {
  readonly path: readonly string[];
  readonly schema: JsonSchema;
}

function applyOverride(config: unknown, name: string, text: string): unknown {
  const target = findTarget(configJsonSchema(), name.slice(prefix.length), config);
  if (target !== undefined) return withValue(config, target.path, readValue(name, text, target));
  const suggestion = nearestVariable(name);
  throw new PodwireError(
    "INVALID_DAEMON_CONFIG",
    `unknown environment variable ${name}${suggestion === undefined ? "" : `; did you mean ${suggestion}?`}`,
    { field: name },
  );
}

/** Compared without the prefix that all have in common, or everything would look alike. */
function nearestVariable(name: string): string | undefined {
  const known = [...leafPaths(configJsonSchema()).map(overrideName), ...otherVariables];
  const meant = nearest(
    name.slice(prefix.length),
    known.map((variable) => variable.slice(prefix.length)),
  );
  return meant === undefined ? undefined : prefix + meant;
}

/** The key whose path spells `rest`, below a schema and the value the file has there. */
function findTarget(schema: JsonSchema, rest: string, value: unknown): Target | undefined {
  if (schema.type !== "object") return rest === "" ? { path: [], schema } : undefined;
  for (const [key, child] of childrenOf(schema, rest, value)) {
    const word = capitals(key);
    if (rest !== word && !rest.startsWith(`${word}_`)) continue;
    const found = findTarget(child, rest.slice(word.length + 1), valueAt(value, [key]));
    if (found !== undefined) return { path: [key, ...found.path], schema: found.schema };
  }
  return undefined;
}

/** Keys that `rest` may begin with; where names are free, those of the file and then every beginning of `rest`. */
function childrenOf(schema: JsonSchema, rest: string, value: unknown): readonly (readonly [string, JsonSchema])[] {
  const { properties = {}, additionalProperties } = schema;
  if (typeof additionalProperties !== "object") return Object.entries(properties);
  const present = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const words = rest.toLowerCase().split("_");
  const spelled = words.map((_, index) => words.slice(0, index + 1).join("_")).filter((key) => key !== "");
  return [...present, ...spelled].map((key) => [key, additionalProperties]);
}

function readValue(name: string, text: string, { path, schema }: Target): unknown {
  if (schema.type === "array") {
    const { items = {} } = schema;
    if (text.trim() === "") return [];
    return text.split(",").map((item) => readValue(name, item.trim(), { path, schema: items }));
  }
  if (schema.type === "boolean") return readBoolean(name, text, path);
  if (schema.type === "integer" || schema.type === "number") return readNumber(name, text, path);
  return text;
}

function readBoolean(name: string, text: string, path: readonly string[]): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw invalid(name, text, `${formatPath(path)} expects true or false`);
}

function readNumber(name: string, text: string, path: readonly string[]): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw invalid(name, text, `${formatPath(path)} expects a whole number`);
}

function invalid(name: string, text: string, expectation: string): PodwireError {
  const value = quoteValue(text);
  return new PodwireError("INVALID_DAEMON_CONFIG", `${name} ${value}: ${expectation}`, { field: name, value });
}

/** A copy of `config` with `leaf` at `path`. What is no object is left for `parseConfig` to complain about. */
function withValue(config: unknown, path: readonly string[], leaf: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return leaf;
  if (config !== undefined && config !== null && typeof config !== "object") return config;
  return { ...config, [key]: withValue(valueAt(config, [key]), rest, leaf) };
}

function leafPaths(schema: JsonSchema, path: readonly string[] = []): readonly (readonly string[])[] {
  if (schema.type !== "object") return [path];
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => leafPaths(child, [...path, key]));
  const { additionalProperties } = schema;
  return typeof additionalProperties === "object"
    ? [...own, ...leafPaths(additionalProperties, [...path, "default"])]
    : own;
}

function capitals(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]/g, "_")
    .toUpperCase();
}
