import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSource, type SourceFile } from "./source-file.ts";

const root = join(import.meta.dirname, "../..");
const sourcePatterns = ["packages/*/src/**/*.ts", "scripts/**/*.ts", "test/**/*.ts", "*.ts"];
const isGenerated = (path: string): boolean => /(^|\/)(node_modules|dist)(\/|$)/.test(path);

/** Manifest of a workspace package, as far as the rules need it. */
export interface PackageManifest {
  /** Folder in the repository: `packages/core`. */
  readonly folder: string;
  readonly name: string;
  /** What others may import of it: `@podwire/core`, `@podwire/core/cni`. */
  readonly entryPoints: readonly string[];
  /** Sources of the programs it installs, as paths in the repository: others may start them. */
  readonly programs: readonly string[];
  /** Packages that its published sources may import. */
  readonly dependencies: readonly string[];
}

/** Every TypeScript source of the repository, parsed. */
export function readSourceTree(): readonly SourceFile[] {
  return listFiles(sourcePatterns).map((path) => parseSource(path, readText(path)));
}

export function readManifests(): readonly PackageManifest[] {
  return listFiles(["packages/*/package.json"]).map((path) => {
    const manifest = JSON.parse(readText(path)) as RawManifest;
    const folder = path.slice(0, path.lastIndexOf("/"));
    const sourceOf = (built: string): string => built.replace(/^(\.\/)?dist\/(.*)\.js$/, `${folder}/src/$2.ts`);
    return {
      folder,
      name: manifest.name,
      entryPoints: Object.keys(manifest.exports).map((key) => manifest.name + key.slice(1)),
      programs: Object.values(manifest.bin ?? {}).map(sourceOf),
      dependencies: Object.keys(manifest.dependencies ?? {}),
    };
  });
}

/** Paths in the repository that match, without what tools made. */
export function listFiles(patterns: readonly string[]): readonly string[] {
  return globSync(patterns, { cwd: root, exclude: isGenerated }).sort();
}

export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function exists(path: string): boolean {
  return existsSync(join(root, path));
}

interface RawManifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}
