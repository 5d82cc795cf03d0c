import { fileURLToPath } from "node:url";

/**
 * The command line that runs a module of this package as a process of its own, from source or from what `tsc` made of
 * it.
 * @param baseUrl `import.meta.url` of the caller
 * @param name the module beside it, without its suffix
 */
export function nodeProgram(baseUrl: string, name: string): readonly string[] {
  const fromSource = baseUrl.endsWith(".ts");
  const file = fileURLToPath(new URL(`./${name}${fromSource ? ".ts" : ".js"}`, baseUrl));
  return [process.execPath, ...(fromSource ? ["--conditions=podwire-source"] : []), file];
}
