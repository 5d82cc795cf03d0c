import { parseArgs } from "node:util";

export interface DemoOptions {
  readonly pods: number;
  /** Stay in the foreground after the matrix, until Ctrl-C. */
  readonly keep: boolean;
  /** Where the whole goes as JSON. */
  readonly jsonFile?: string;
}

/** m5.large: an interface holds 9 addresses beside its own, the demo uses the primary one only. */
const maxPods = 9;

export const usage = `usage: npm run demo -- [options]

A node boots in a pretend VPC, asks EC2 for addresses, and pods get them through the CNI binary.

  --pods N      how many pods, 1 to ${maxPods} (default 3)
  --keep        stay in the foreground after the matrix and say how to enter; Ctrl-C ends it
  --json FILE   write everything that was seen to FILE
  --help        this text

Exit codes: 0 every check held, 1 some did not, 2 wrong options, 3 this machine allows no namespaces.`;

/** @returns the options, or why they are none */
export function parseOptions(argv: readonly string[]): DemoOptions | "help" | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        pods: { type: "string", default: "3" },
        keep: { type: "boolean", default: false },
        json: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return "help";
    const pods = /^\d{1,3}$/.test(values.pods) ? Number(values.pods) : 0;
    if (pods < 1 || pods > maxPods)
      return { problem: `--pods takes 1 to ${maxPods}, not ${JSON.stringify(values.pods)}` };
    return { pods, keep: values.keep, ...(values.json === undefined ? {} : { jsonFile: values.json }) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
