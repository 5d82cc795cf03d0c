import { spawn } from "node:child_process";
import { buildClient } from "@podwire/cni-bin";
import { createTemporaryDirectories } from "./temporary-directory.ts";

export interface ClientUnderTest {
  readonly name: string;
  /** Empty when it is not there to be tested. */
  readonly path: string;
}

export interface Run {
  readonly environment: Readonly<Record<string, string>>;
  /** What goes to standard input before it is closed; `open`: nothing, and nobody closes it. */
  readonly stdin?: Uint8Array | string | "open";
  /** Shell words that start the client in "$0", for what only a shell can set up. */
  readonly shell?: string;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const directories = createTemporaryDirectories();
const directory = directories.make("podwire-clients-");

/** Both clients as they are installed. Without a C compiler the one in C has no path, and the reason in its name. */
export const clients: readonly ClientUnderTest[] = [await buildC(), await buildTypeScript()];

export function removeClients(): void {
  directories.removeAll();
}

/** The client with nothing in its environment but what the run says: no PATH, no HOME. */
export function runClient(client: ClientUnderTest, run: Run): Promise<Ended> {
  const [command, args] = run.shell === undefined ? [client.path, []] : ["/bin/sh", ["-c", run.shell, client.path]];
  const child = spawn(command, args, { env: { ...run.environment }, stdio: "pipe" });
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk) => stdout.push(chunk));
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  // A client that ends before it has read everything is no failure of the test.
  child.stdin.on("error", () => {});
  if (run.stdin !== "open") child.stdin.end(run.stdin ?? "{}");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, stdout: Buffer.concat(stdout), stderr }));
  });
}

async function buildC(): Promise<ClientUnderTest> {
  const built = await buildClient({ directory, name: "podwire-c", compilerFlags: ["-std=c11", "-Werror"] });
  if (built.kind !== "script") return { name: "the client in C", path: built.path };
  console.warn(`the client in C is not tested: ${built.why}`);
  return { name: `the client in C (not tested: ${built.why})`, path: "" };
}

async function buildTypeScript(): Promise<ClientUnderTest> {
  const { path } = await buildClient({ directory, name: "podwire-ts", compiler: undefined });
  return { name: "the client in TypeScript", path };
}
