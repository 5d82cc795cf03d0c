import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "./config-file.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "podwire-config-"));
  path = join(directory, "config.yaml");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function read(text: string, environment: Readonly<Record<string, string>> = {}) {
  writeFileSync(path, text);
  return readConfig({ PODWIRE_CONFIG: path, ...environment });
}

test("the file that PODWIRE_CONFIG names is read, defaults filled in", () => {
  expect(read("cloud: aws\npools:\n  default:\n    warm: 3\n")).toMatchObject({
    cloud: "aws",
    runDirectory: "/run/podwire",
    pools: { default: { warm: 3, minimum: 0 } },
  });
});

test("PODWIRE_ variables go over the file", () => {
  const config = read("cloud: aws\nlog: {level: info}\n", { PODWIRE_LOG_LEVEL: "debug", PATH: "/bin" });
  expect(config.log.level).toBe("debug");
});

test("without PODWIRE_CONFIG the usual file may be absent", () => {
  expect(readConfig({ PODWIRE_CLOUD: "aws" }, path).cloud).toBe("aws");
});

const refused = [
  {
    name: "an unknown key, naming the nearest",
    text: "cloud: aws\nclustre: x\n",
    message: /clustre; did you mean cluster\?/,
  },
  {
    name: "a wrong type, naming the value",
    text: "cloud: aws\npools: {default: {warm: many}}\n",
    message: /warm.*"many"/,
  },
  { name: "no YAML, naming the line", text: "cloud: [aws\n", message: /line \d/ },
  { name: "a key that comes twice", text: "cloud: aws\ncloud: aws\n", message: /unique/ },
  { name: "a list in place of keys", text: "- cloud\n", message: /the configuration/ },
  { name: "an empty file", text: "", message: /cloud/ },
];

test.each(refused)("refuses $name, and names the file", ({ text, message }) => {
  expect(() => read(text)).toThrow(
    expect.objectContaining({ code: "INVALID_DAEMON_CONFIG", message: expect.stringMatching(message) }),
  );
  expect(() => read(text)).toThrow(path);
  expect(() => read(text)).not.toThrow("\n");
});

test("refuses an unknown variable without blaming the file", () => {
  expect(() => read("cloud: aws\n", { PODWIRE_LOG_LEVLE: "debug" })).toThrow(
    /^unknown environment variable PODWIRE_LOG_LEVLE/,
  );
});

test("refuses a named file that is absent, a directory, or too large", () => {
  expect(() => readConfig({ PODWIRE_CONFIG: path })).toThrow(
    `the configuration ${JSON.stringify(path)} cannot be read`,
  );
  expect(() => readConfig({ PODWIRE_CONFIG: directory })).toThrow("cannot be read");
  expect(() => read(`#${" ".repeat(2 ** 20)}\n`)).toThrow("cannot be read");
});
