import type { LogOutput } from "../runtime/standard-error.ts";
import { type InstallPorts, install } from "./install.ts";
import { parseInstallOptions, usage } from "./options.ts";

/**
 * `podwired install`: resolves with the exit code.
 * @throws what install throws
 */
export async function installCommand(
  words: readonly string[],
  { output, ...ports }: InstallPorts & { readonly output: Pick<LogOutput, "write"> },
): Promise<number> {
  const [name, ...argv] = words;
  const options = name === "install" ? parseInstallOptions(argv) : { problem: `unknown command ${name}` };
  if (options === "help") {
    output.write(usage);
    return 0;
  }
  if ("problem" in options) {
    output.write(`podwired: ${options.problem}\n${usage}`);
    return 2;
  }
  await install(options, ports);
  return 0;
}
