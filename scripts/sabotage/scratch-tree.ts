import { cpSync, globSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { captureProgram } from "../child.ts";

const modulesFolders = ["node_modules", "packages/*/node_modules", "test/node_modules"];

/**
 * Copies the working tree at `root`, as it is on the disk, without what git ignores. What is installed is not copied:
 * links to the workspace's packages lead into the copy, those to anything else to where it is.
 * @throws Error when a package of the workspace would be taken from elsewhere than the copy
 */
export async function copyWorkingTree(root: string, copy: string): Promise<void> {
  const listed = await git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]);
  const deleted = new Set((await git(root, ["ls-files", "-z", "--deleted"])).split("\0"));
  for (const path of listed.split("\0")) if (path !== "" && !deleted.has(path)) copyAs(root, copy, path);
  for (const folder of globSync(modulesFolders, { cwd: root })) {
    mkdirSync(join(copy, folder), { recursive: true });
    for (const name of readdirSync(join(root, folder))) {
      // The packages themselves. Every link into it is relative, so it leads there by way of this one.
      if (name === ".pnpm") symlinkSync(realpathSync(join(root, folder, name)), join(copy, folder, name));
      else if (!isCache(name)) copyAs(root, copy, join(folder, name));
    }
  }
  const strays = strayPackages(copy);
  if (strays.length > 0) throw new Error(`packages would not be taken from the copy: ${strays.join(", ")}`);
}

/** A copy of a copy. */
export function copyScratch(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/** @throws Error in git's words, when the patch does not fit */
export async function applyPatch(tree: string, patch: string): Promise<void> {
  await git(tree, ["apply", "--whitespace=nowarn", patch]);
}

/** Packages of the workspace that an import in the tree would find outside of it: they would be tested unsabotaged. */
export function strayPackages(tree: string): readonly string[] {
  const links = globSync(
    modulesFolders.map((folder) => `${folder}/@podwire/*`),
    { cwd: tree },
  );
  const inside = `${realpathSync(tree)}${sep}packages${sep}`;
  const strays = links.filter((link) => !realpathSync(join(tree, link)).startsWith(inside));
  return links.length === 0 ? ["all: none is linked"] : strays;
}

function copyAs(root: string, copy: string, path: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  cpSync(join(root, path), join(copy, path), { recursive: true, verbatimSymlinks: true });
}

/** `.vite` and the like: what tools keep between their runs. */
function isCache(name: string): boolean {
  return name.startsWith(".") && name !== ".bin";
}

async function git(cwd: string, words: readonly string[]): Promise<string> {
  // A scratch tree is no repository, also where one lies above it; nor is the one of a hook that runs us.
  const { GIT_DIR: _dir, GIT_INDEX_FILE: _index, GIT_WORK_TREE: _tree, ...environment } = process.env;
  const env = { ...environment, GIT_CEILING_DIRECTORIES: dirname(cwd) };
  // A clone that another user made is read all the same: its programs are run anyway.
  const { exitCode, output } = await captureProgram(["git", "-c", "safe.directory=*", ...words], { cwd, env });
  if (exitCode !== 0) throw new Error(output.trim());
  return output;
}
