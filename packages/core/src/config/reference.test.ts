import { expect, test } from "vitest";
import { configJsonSchema } from "./json-schema.ts";
import { configReference } from "./reference.ts";

test("every key of the schema is on the page, with its description", () => {
  const page = configReference();
  for (const [key, { description }] of Object.entries(configJsonSchema().properties ?? {})) {
    expect(page).toContain(`| \`${key}\` |`);
    expect(page).toContain(description);
  }
  expect(page).toContain(
    "| `pools.NAME.warm` | integer, 0 to 100000 | `8` | Free addresses to keep ready beyond those in use |",
  );
  expect(page).toContain("| `pools.NAME.cooldownMs` | `PODWIRE_POOLS_NAME_COOLDOWN_MS` |");
});

test("no key is without a description, and the page is the same every time", () => {
  const rows = configReference().split("\n");
  expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
  expect(configReference()).toBe(rows.join("\n"));
});

test("the JSON Schema demands the cloud and allows no other keys", () => {
  expect(configJsonSchema()).toMatchObject({ type: "object", required: ["cloud"], additionalProperties: false });
});
