import { configJsonSchema, type JsonSchema } from "./json-schema.ts";
import { overrideName } from "./overrides.ts";

/** The reference page of the configuration, in Markdown. */
export function configReference(): string {
  return `# Configuration

Generated from \`packages/core/src/config/schema.ts\` by \`npm run generate\`;
[schema/config.json](schema/config.json) is the same as JSON Schema, for editors.

podwired reads \`/etc/podwire/config.yaml\`, or the file that \`PODWIRE_CONFIG\` names. Unknown keys are errors. An
environment variable beats the file: its name is the key's path in capitals, \`_\` between words and steps. Under
\`pools\` and \`networks\`, where names are free, it means the name of the file that is spelled so in capitals, else
the same in small letters. Lists are written with commas. A \`PODWIRE_…\` variable that is no key is an error, except
\`PODWIRE_CONFIG\` and the two that the CNI client reads, \`PODWIRE_RUN_DIR\` and \`PODWIRE_DEADLINE_MS\`. In a pod,
set \`enableServiceLinks: false\`: for a Service whose name begins with \`podwire\` the kubelet would set such
variables.

| key | value | default | meaning |
|---|---|---|---|
${rows(configJsonSchema(), [], true).join("\n")}

Environment variables:

| key | variable |
|---|---|
${leaves(configJsonSchema(), [])
  .map((path) => `| \`${path.join(".")}\` | \`${overrideName(path)}\` |`)
  .join("\n")}
`;
}

/** The name that stands for any name. */
const anyName = "NAME";

function rows(schema: JsonSchema, path: readonly string[], required: boolean): string[] {
  const own = path.length === 0 ? [] : [row(schema, path, required)];
  const below = childrenOf(schema).flatMap(([key, child]) =>
    rows(child, [...path, key], schema.required?.includes(key) === true),
  );
  return [...own, ...below];
}

function row(schema: JsonSchema, path: readonly string[], required: boolean): string {
  const preset = required ? "required" : defaultText(schema);
  return `| \`${path.join(".")}\` | ${valueText(schema)} | ${preset} | ${schema.description ?? ""} |`;
}

/** The default of an object is told key by key. */
function defaultText({ type, default: preset }: JsonSchema): string {
  return preset === undefined || type === "object" ? "" : `\`${JSON.stringify(preset)}\``;
}

function valueText(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.type === "array") return `list of ${valueText(schema.items ?? {})}`;
  if (schema.type === "object") return "object";
  const { minimum, maximum } = schema;
  const bounds = minimum === undefined || maximum === undefined ? "" : `, ${minimum} to ${maximum}`;
  return `${schema.type ?? "any"}${bounds}`;
}

function leaves(schema: JsonSchema, path: readonly string[]): readonly (readonly string[])[] {
  if (schema.type !== "object") return [path];
  return childrenOf(schema).flatMap(([key, child]) => leaves(child, [...path, key]));
}

function childrenOf({ properties = {}, additionalProperties }: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  const named = Object.entries(properties);
  return typeof additionalProperties === "object" ? [...named, [anyName, additionalProperties]] : named;
}
