#!/usr/bin/env node
import { errorFrom } from "@podwire/core";
import { type FakeCloudOptions, parseOptions, usage } from "./options.ts";
import { serveAws } from "./serve-aws.ts";

const options = parseOptions(process.argv.slice(2));
if (options === "help") process.stdout.write(usage);
else if ("problem" in options) {
  process.stderr.write(`podwire-fake-cloud: ${options.problem}\n${usage}`);
  process.exitCode = 2;
} else process.exitCode = await serve(options);

/** Resolves with the exit code, after a signal. */
async function serve(chosen: FakeCloudOptions): Promise<number> {
  const interrupted = new Promise<void>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"]) process.once(name, () => resolve());
  });
  try {
    const { variables, close } = await serveAws(chosen);
    for (const [name, value] of Object.entries(variables)) process.stdout.write(`${name}=${value}\n`);
    await interrupted;
    await close();
    return 0;
  } catch (thrown) {
    const { code, message, details } = errorFrom(thrown);
    const text = details === undefined ? message : `${message}; ${details}`;
    process.stderr.write(`podwire-fake-cloud: ${code}: ${text.replaceAll("\n", " ")}\n`);
    return 2;
  }
}
