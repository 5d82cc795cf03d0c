import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answerVersion } from "@podwire/core/cni";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildClient } from "./build.ts";

const stdin = '{"cniVersion":"0.4.0"}';

let directory: string;
let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "podwire build's-"));
  directory = join(work, "opt", "cni bin");
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** A compiler that is a shell script: what stands in `$out` is where the program goes. */
function fakeCompiler(script: string): string {
  const path = join(work, "cc");
  const findOut = 'while [ $# -gt 0 ]; do [ "$1" = -static ] && static=yes; [ "$1" = -o ] && out=$2; shift; done';
  writeFileSync(path, `#!/bin/sh\n${findOut}\n${script}\n`, { mode: 0o755 });
  return path;
}

function versionAnswerOf(path: string): string {
  return spawnSync(path, { input: stdin, env: { CNI_COMMAND: "VERSION" }, encoding: "utf8" }).stdout;
}

const workingProgram = String.raw`printf '#!/bin/sh\nexit 0\n' >"$out"; chmod 755 "$out"`;

const compilers: readonly {
  readonly name: string;
  readonly compiler: () => string | undefined;
  readonly kind: string;
  readonly why: RegExp;
}[] = [
  { name: "no compiler is wanted", compiler: () => undefined, kind: "script", why: /^no compiler was wanted$/ },
  { name: "there is no compiler", compiler: () => join(work, "absent"), kind: "script", why: /ENOENT/ },
  {
    name: "the compiler fails",
    compiler: () => fakeCompiler("echo 'cc: cannot find crt1.o' >&2; echo more >&2; exit 1"),
    kind: "script",
    why: /^cc: cannot find crt1\.o$/,
  },
  {
    name: "what is compiled does not run",
    compiler: () => fakeCompiler(String.raw`printf '#!/bin/sh\necho broken >&2; exit 7\n' >"$out"; chmod 755 "$out"`),
    kind: "script",
    why: /^broken$/,
  },
  {
    name: "only a dynamic program can be linked",
    compiler: () => fakeCompiler(`[ "$static" = yes ] && { echo 'cannot find -lc' >&2; exit 1; }; ${workingProgram}`),
    kind: "dynamic",
    why: /^cannot find -lc$/,
  },
  { name: "all is well", compiler: () => fakeCompiler(workingProgram), kind: "static", why: /^$/ },
];

describe("where the client comes from", () => {
  test.each(compilers)("when $name: $kind", async ({ compiler, kind, why }) => {
    const built = await buildClient({ directory, compiler: compiler() });
    expect(built).toEqual({ path: join(directory, "podwire"), kind, why: expect.stringMatching(why) });
    expect(statSync(built.path).mode & 0o111).toBe(0o111);
    expect(readdirSync(directory)).toEqual(["podwire"]);
  });
});

test("the script runs the client in TypeScript, with nothing in its environment", async () => {
  const { path } = await buildClient({ directory, compiler: undefined });
  expect(versionAnswerOf(path)).toBe(answerVersion(Buffer.from(stdin)));
});

test("an older client is replaced at once, under the name that is wanted", async () => {
  const first = await buildClient({ directory, name: "podwire-ipam", compiler: undefined });
  const { ino } = statSync(first.path);
  await buildClient({ directory, name: "podwire-ipam", compiler: undefined });
  expect(statSync(first.path).ino).not.toBe(ino);
  expect(readdirSync(directory)).toEqual(["podwire-ipam"]);
});

test("a directory that cannot be made is an error, and nothing is left", async () => {
  writeFileSync(join(work, "opt"), "");
  await expect(buildClient({ directory, compiler: undefined })).rejects.toThrow("ENOTDIR");
});
