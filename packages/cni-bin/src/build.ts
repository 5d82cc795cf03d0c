import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { protocolHeader } from "./protocol-header.ts";

export interface BuildOptions {
  /** Where the plugin goes, for a runtime `/opt/cni/bin`; made if need be. */
  readonly directory: string;
  /** Name of the executable: what `type` in a network configuration says. */
  readonly name?: string;
  /** The C compiler to try, or undefined for none. */
  readonly compiler?: string | undefined;
  /** More flags for it. */
  readonly compilerFlags?: readonly string[];
}

export interface BuiltClient {
  readonly path: string;
  /** `static` needs nothing of the host, `dynamic` its C library, `script` this Node and these sources. */
  readonly kind: "static" | "dynamic" | "script";
  /** Why it is not a better kind; empty for `static`. */
  readonly why: string;
}

const run = promisify(execFile);

/** C11 with the GNU names of memmem and strcasestr, which musl has too. */
const baseFlags = ["-std=gnu11", "-O2", "-s", "-Wall", "-Wextra"];

/**
 * Puts the CNI client into a directory, complete at once (by rename) so that a running ADD is not disturbed. Whether C
 * compiles here is found out by compiling; where it does not, a script runs the client in TypeScript.
 */
export async function buildClient(options: BuildOptions): Promise<BuiltClient> {
  await mkdir(options.directory, { recursive: true });
  const path = join(options.directory, options.name ?? "podwire");
  const draft = `${path}.${randomUUID()}`;
  try {
    const built = await buildDraft(draft, { ...options, compiler: "compiler" in options ? options.compiler : "cc" });
    await rename(draft, path);
    return { ...built, path };
  } finally {
    await rm(draft, { force: true });
  }
}

type DraftOptions = Pick<BuildOptions, "compiler" | "compilerFlags">;

async function buildDraft(draft: string, options: DraftOptions): Promise<Omit<BuiltClient, "path">> {
  const { compiler, compilerFlags = [] } = options;
  const notStatic = await tryCompile(draft, compiler, ["-static", ...compilerFlags]);
  if (notStatic === undefined) return { kind: "static", why: "" };
  const notDynamic = await tryCompile(draft, compiler, compilerFlags);
  if (notDynamic === undefined) return { kind: "dynamic", why: notStatic };
  await writeScript(draft);
  return { kind: "script", why: notDynamic };
}

/** Undefined, or why there is no working program at `draft`. */
async function tryCompile(draft: string, compiler: string | undefined, flags: readonly string[]) {
  if (compiler === undefined) return "no compiler was wanted";
  const work = await mkdtemp(join(tmpdir(), "podwire-build-"));
  try {
    await writeFile(join(work, "protocol.h"), protocolHeader());
    const sources = fileURLToPath(new URL("../src/client/", import.meta.url));
    const files = (await readdir(sources)).filter((name) => name.endsWith(".c")).map((name) => join(sources, name));
    await run(compiler, [...baseFlags, ...flags, `-I${work}`, "-o", draft, ...files.sort()]);
    const probe = run(draft, { env: { CNI_COMMAND: "VERSION" } });
    probe.child.stdin?.end();
    await probe;
    return undefined;
  } catch (error) {
    return firstLine(error);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A shell script, because a shebang line can hold no path with a space, no second argument and not many characters. */
async function writeScript(draft: string): Promise<void> {
  const fromSource = import.meta.url.endsWith(".ts");
  const main = fileURLToPath(new URL(fromSource ? "./client/main.ts" : "./client/main.js", import.meta.url));
  const words = [process.execPath, ...(fromSource ? ["--conditions=podwire-source"] : []), main];
  await writeFile(draft, `#!/bin/sh\nexec ${words.map(shellWord).join(" ")}\n`);
  await chmod(draft, 0o755);
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function firstLine(error: unknown): string {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  const text = stderr.trim() !== "" ? stderr : error instanceof Error ? error.message : String(error);
  return text.trim().split("\n", 1).join();
}
