import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { type BuiltClient, buildClient } from "@podwire/cni-bin";
import { bundleDaemon, bundleFile } from "../../scripts/bundle.ts";
import { type PluginRunner, startPluginRunner } from "./plugin.ts";

/** What all benches share: both programs as they are shipped, and room for files. */
export interface Stage {
  readonly daemon: string;
  readonly client: BuiltClient;
  readonly runner: PluginRunner;
  /** A new directory; it goes with the sandbox. */
  directory(): string;
  close(): void;
}

/** /run is the sandbox's own and in memory, as a node's is: whatever lies there ends with the sandbox. */
const runDirectory = "/run";

/** Only in a sandbox. Temporary files of this process and of all it starts go the same way. */
export async function openStage(): Promise<Stage> {
  process.env["TMPDIR"] = runDirectory;
  const directory = () => mkdtempSync(join(runDirectory, "bench-"));
  const client = await buildClient({ directory: directory() });
  const daemon = await bundleDaemon({ cloud: "aws", directory: directory() });
  const program = join(directory(), "runner.mjs");
  await bundleFile("test/bench/runner.ts", program);
  const runner = startPluginRunner(program);
  return { client, daemon, runner, directory, close: runner.close };
}
