import { matchesGlob } from "node:path";
import type { Import, SourceFile } from "./source-file.ts";
import type { PackageManifest } from "./source-tree.ts";

interface Scope {
  /** Globs of source paths. */
  readonly from: readonly string[];
  readonly exceptFrom?: readonly string[];
  readonly why: string;
}

/** What sources may not import: globs of repository paths (relative imports) and of specifiers. */
export interface ImportRule extends Scope {
  readonly mustNotImport: readonly string[];
  readonly except?: readonly string[];
  /** Which ways of importing are meant; all unless given. */
  readonly kinds?: readonly Import["kind"][];
}

/** Names that sources may not use: `Date`, `process.stdout`; what is taken from a name is included. */
export interface NameRule extends Scope {
  readonly mustNotUse: readonly string[];
}

/**
 * What a folder of a package may import beside itself: other folders (`errors`), or single files of them
 * (`pool/states.ts`). A folder that is no key may not exist.
 */
export type FolderTable = Readonly<Record<string, { readonly mayImport: readonly string[]; readonly why: string }>>;

/** Each as `path:line: what (why)`. */
export type Violations = readonly string[];

export function checkImports(sources: readonly SourceFile[], rule: ImportRule): Violations {
  return inScope(sources, rule).flatMap((source) =>
    source.imports
      .filter(({ kind }) => rule.kinds === undefined || rule.kinds.includes(kind))
      .filter(({ target }) => matchesAny(target, rule.mustNotImport) && !matchesAny(target, rule.except ?? []))
      .map(({ target, line }) => `${source.path}:${line}: imports ${target} (${rule.why})`),
  );
}

export function checkNames(sources: readonly SourceFile[], rule: NameRule): Violations {
  const isForbidden = (used: string): boolean =>
    rule.mustNotUse.some((name) => used === name || used.startsWith(`${name}.`));
  return inScope(sources, rule).flatMap((source) =>
    source.references
      .filter(({ name }) => isForbidden(name))
      .map(({ name, line }) => `${source.path}:${line}: uses ${name} (${rule.why})`),
  );
}

/** Imports between the folders of one package, `folder` being its source root. Files right in the root are free. */
export function checkFolders(sources: readonly SourceFile[], folder: string, table: FolderTable): Violations {
  return sources
    .filter(({ path }) => !path.endsWith(".test.ts"))
    .flatMap((source) => {
      const from = folderOf(source.path, folder);
      if (from === undefined) return [];
      const row = table[from];
      if (row === undefined) return [`${source.path}:1: folder ${from} is not in the table of ${folder}`];
      return source.imports.flatMap(({ target, line }) => {
        const to = folderOf(target, folder);
        if (to === undefined || to === from || row.mayImport.includes(to)) return [];
        if (row.mayImport.includes(target.slice(folder.length + 1))) return [];
        return [`${source.path}:${line}: ${from}/ imports ${to}/ (${row.why})`];
      });
    });
}

/**
 * A package is imported by the entry points of its manifest, and only where the manifest of the user declares it. Its
 * programs may be started by their path.
 */
export function checkPackageBorders(sources: readonly SourceFile[], manifests: readonly PackageManifest[]): Violations {
  return sources.flatMap((source) => {
    const home = manifests.find(({ folder }) => source.path.startsWith(`${folder}/`));
    return source.imports.flatMap((imported) => {
      const fault = borderFault({ source, imported, home, manifests });
      return fault === undefined ? [] : [`${source.path}:${imported.line}: imports ${imported.target} (${fault})`];
    });
  });
}

/** Everything that is loaded when the module at `entry` is, paths and specifiers, in the order it is found. */
export function loadedBy(sources: readonly SourceFile[], entry: string): readonly string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const loaded = new Set([entry]);
  for (const path of loaded) {
    for (const { kind, target } of byPath.get(path)?.imports ?? []) if (kind === "static") loaded.add(target);
  }
  return [...loaded];
}

interface Crossing {
  readonly source: SourceFile;
  readonly imported: Import;
  readonly home: PackageManifest | undefined;
  readonly manifests: readonly PackageManifest[];
}

function borderFault({ source, imported, home, manifests }: Crossing): string | undefined {
  const { target, kind } = imported;
  if (kind === "url" && manifests.some(({ programs }) => programs.includes(target))) return undefined;
  if (target.startsWith("@podwire/") && !manifests.some(({ entryPoints }) => entryPoints.includes(target))) {
    return "no entry point of that package";
  }
  if (target.startsWith("packages/")) {
    return home !== undefined && target.startsWith(`${home.folder}/`) ? undefined : "the inside of another package";
  }
  const isShipped = home !== undefined && !source.path.endsWith(".test.ts");
  if (!isShipped || /^(node:|<)/.test(target)) return undefined;
  return home.dependencies.includes(packageName(target)) ? undefined : `not a dependency of ${home.name}`;
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function folderOf(path: string, root: string): string | undefined {
  const [first, ...rest] = path.startsWith(`${root}/`) ? path.slice(root.length + 1).split("/") : [];
  return rest.length === 0 ? undefined : first;
}

function inScope(sources: readonly SourceFile[], { from, exceptFrom = [] }: Scope): readonly SourceFile[] {
  return sources.filter(({ path }) => matchesAny(path, from) && !matchesAny(path, exceptFrom));
}

function matchesAny(text: string, globs: readonly string[]): boolean {
  return globs.some((glob) => matchesGlob(text, glob));
}
