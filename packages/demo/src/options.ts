import { parseArgs } from "node:util";
import { maxPodsPerNode } from "./scenario.ts";

export interface DemoOptions {
  /** On each of the two nodes. */
  readonly pods: number;
  /** Stay in the foreground after the matrix, until Ctrl-C. */
  readonly keep: boolean;
  /** Where the whole goes as JSON. */
  readonly jsonFile?: string;
}

export const usage = `usage: npm run demo -- [options]

Two nodes boot in a pretend VPC, ask EC2 for addresses, and pods get them through the CNI binary.

  --pods N      how many pods on each node, 1 to ${maxPodsPerNode} (default 6)
  --keep        stay in the foreground after the matrix and say how to enter; Ctrl-C goes on
  --json FILE   write everything that was seen to FILE
  --help        this text

Exit codes: 0 every check held, 1 some did not, 2 wrong options, 3 this machine allows no namespaces, 130 interrupted.`;

/** @returns the options, or why they are none */
export function parseOptions(argv: readonly string[]): DemoOptions | "help" | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        pods: { type: "string", default: "6" },
        keep: { type: "boolean", default: false },
        json: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return "help";
    const pods = /^\d{1,3}$/.test(values.pods) ? Number(values.pods) : 0;
    if (pods < 1 || pods > maxPodsPerNode)
      return { problem: `--pods takes 1 to ${maxPodsPerNode}, not ${JSON.stringify(values.pods)}` };
    return { pods, keep: values.keep, ...(values.json === undefined ? {} : { jsonFile: values.json }) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
