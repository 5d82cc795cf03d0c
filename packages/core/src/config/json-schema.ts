import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The part of JSON Schema 2020-12 that the configuration needs. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: JsonSchema;
  /** `false`: no other keys. A schema: what stands under any key. */
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
}

/** The configuration file as editors check it. Made from the schema the daemon checks it with. */
export function configJsonSchema(): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { io: "input" }) as JsonSchema;
  return { ...($schema === undefined ? {} : { $schema }), title: "Configuration of podwired", ...rest };
}

/** What may stand under `key`, undefined when nothing may. */
export function childSchema(schema: JsonSchema, key: PropertyKey): JsonSchema | undefined {
  if (typeof key === "number") return schema.items;
  const { properties = {}, additionalProperties } = schema;
  if (typeof key === "string" && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}
