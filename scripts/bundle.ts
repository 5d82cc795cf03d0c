import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { type BuildOptions, build, type Plugin } from "esbuild";

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
 * What a node wants of the engine, which has to be said before it starts. Young objects in 4 MB: by default they spread
 * over 64 before anything is collected. One arena of malloc: each of libuv's threads would keep its own, with what it
 * has read. Together 35 MB of 140 with 250 pods.
 */
const launcher = `#!/bin/sh
export MALLOC_ARENA_MAX=1
exec node --max-semi-space-size=2 "$(dirname "$(readlink -f "$0")")/../lib/podwired.js" "$@"
`;

/**
 * Puts the daemon into a directory that needs nothing but Node on a machine of the same kind: its modules with one
 * adapter, koffi's native code, and both CNI clients for `podwired install`.
 * @returns the path of the program, `bin/podwired`
 * @throws RangeError there is no such adapter
 */
export async function bundleDaemon({ cloud, directory }: BundleOptions): Promise<string> {
  const adapter = adapters.get(cloud);
  if (adapter === undefined) throw new RangeError(`no adapter is called ${JSON.stringify(cloud)}`);
  const others = [...adapters.values()].filter((name) => name !== adapter);
  // Names of modules that are loaded later change with their content.
  rmSync(join(directory, "lib"), { recursive: true, force: true });
  await bundleModules(directory, others);
  // Where packages/cni-bin looks for them: beside what it was compiled to, and in `src` beside that.
  await bundleFile("packages/cni-bin/src/client/main.ts", join(directory, "lib/client/main.js"));
  copyClientSources(join(directory, "src/client"));
  copyKoffi(join(directory, "node_modules"));
  writeFileSync(join(directory, "package.json"), `${JSON.stringify({ private: true, type: "module" })}\n`);
  const program = join(directory, "bin/podwired");
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, launcher, { mode: 0o755 });
  return program;
}

/** The daemon's own modules in `lib/podwired.js`, and what it loads when it is needed in files beside that. */
function bundleModules(directory: string, external: readonly string[]) {
  return build({
    ...common,
    entryPoints: { podwired: "packages/daemon/src/main.ts" },
    outdir: join(directory, "lib"),
    splitting: true,
    external: ["koffi", ...external],
  });
}

/** Makes one file of a program, by its path in the repository. */
export async function bundleFile(entry: string, outfile: string): Promise<void> {
  await build({ ...common, entryPoints: [entry], outfile });
}

/**
 * The SDK describes all of EC2 in one module of 2 MB, in objects like `{ [_xN]: "filter" }`. Whatever has a computed
 * key may have a side effect, so none could be left out. The keys are constants of the same module: written out, all
 * but what podwire's own calls need goes. It halves what the daemon takes.
 */
const plainSchemaKeys: Plugin = {
  name: "plain-schema-keys",
  setup(builder) {
    builder.onLoad({ filter: /\/@aws-sdk\/client-[a-z0-9]+\/dist-es\/schemas\/schemas_\d+\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const keys = new Map(
        [...source.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm)].map(([, name, text]) => [name, text]),
      );
      return { contents: source.replace(/\[(_\w+)\]:/g, (key, name) => (keys.has(name) ? `${keys.get(name)}:` : key)) };
    });
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  conditions: ["podwire-source"],
  // Modules before CommonJS, of which nothing can be left out: of EC2's 700 calls podwire makes eleven.
  mainFields: ["module", "main"],
  // Names stay, for the sake of stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  // Packages in CommonJS call require, which a module does not have.
  banner: {
    js: `import{createRequire as podwireRequire}from"node:module";const require=podwireRequire(import.meta.url);`,
  },
  plugins: [plainSchemaKeys],
  logLevel: "warning",
} satisfies BuildOptions;

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
