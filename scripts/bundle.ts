import { cpSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

export interface BundleOptions {
  /** The one adapter on board, by its name in the configuration. */
  readonly cloud: string;
  /** Made if need be; files of the same names are replaced. */
  readonly directory: string;
}

const root = join(import.meta.dirname, "..");

/** The package of each adapter that `packages/daemon/src/wiring.ts` loads. */
const adapters: ReadonlyMap<string, string> = new Map([["aws", "@podwire/aws-eni"]]);

/**
 * Puts the daemon into a directory that needs nothing but Node on a machine of the same kind: `lib/podwired.js`, one
 * file with one adapter, koffi's native code, and both CNI clients for `podwired install`.
 * @returns the path of the daemon
 * @throws RangeError there is no such adapter
 */
export async function bundleDaemon({ cloud, directory }: BundleOptions): Promise<string> {
  const adapter = adapters.get(cloud);
  if (adapter === undefined) throw new RangeError(`no adapter is called ${JSON.stringify(cloud)}`);
  const others = [...adapters.values()].filter((name) => name !== adapter);
  await bundleFile("packages/daemon/src/main.ts", join(directory, "lib/podwired.js"), others);
  // Where packages/cni-bin looks for them: beside what it was compiled to, and in `src` beside that.
  await bundleFile("packages/cni-bin/src/client/main.ts", join(directory, "lib/client/main.js"));
  copyClientSources(join(directory, "src/client"));
  copyKoffi(join(directory, "node_modules"));
  writeFileSync(join(directory, "package.json"), `${JSON.stringify({ private: true, type: "module" })}\n`);
  return join(directory, "lib/podwired.js");
}

/**
 * Makes one file of a program.
 * @param entry its path in the repository
 * @param external packages that stay outside
 */
export async function bundleFile(entry: string, outfile: string, external: readonly string[] = []): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    conditions: ["podwire-source"],
    // koffi finds its native code beside itself.
    external: ["koffi", ...external],
    // Names stay, for the sake of stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    // Packages in CommonJS call require, which a module does not have.
    banner: {
      js: `import{createRequire as podwireRequire}from"node:module";const require=podwireRequire(import.meta.url);`,
    },
    logLevel: "warning",
  });
}

function copyClientSources(to: string): void {
  const from = join(root, "packages/cni-bin/src/client");
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) if (/\.[ch]$/.test(name)) cpSync(join(from, name), join(to, name));
}

/** What koffi loads at run time: its JavaScript, and the native code of this machine's kind, a package beside it. */
function copyKoffi(to: string): void {
  const linux = createRequire(join(root, "packages/linux/package.json"));
  const from = dirname(realpathSync(linux.resolve("koffi")));
  const isSource = (path: string) => /\.(cc|hh|inc|def|S|asm)$/.test(path);
  for (const part of ["package.json", "LICENSE.txt", "index.js", "src"]) {
    cpSync(join(from, part), join(to, "koffi", part), { recursive: true, filter: (path) => !isSource(path) });
  }
  const native = `@koromix/koffi-linux-${process.arch}`;
  cpSync(realpathSync(join(from, "..", native)), join(to, native), { recursive: true });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { cloud: { type: "string", default: "aws" }, out: { type: "string" } } });
  const { cloud, out = join(root, "dist", `podwired-${cloud}`) } = values;
  console.log(await bundleDaemon({ cloud, directory: out }));
}

if (import.meta.main) await main();
