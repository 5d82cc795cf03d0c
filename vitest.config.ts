import { defineConfig } from "vitest/config";
import { tallyFileVariable, tallyReporter } from "./scripts/tally-reporter.ts";

const resolve = { conditions: ["podwire-source"] };
const tallyFile = process.env[tallyFileVariable];

/** Two suites: `unit` runs anywhere, `kernel` needs the namespaces that scripts/test.ts makes for it. */
export default defineConfig({
  test: {
    reporters: tallyFile === undefined ? ["default"] : ["default", tallyReporter(tallyFile)],
    projects: [
      {
        ssr: { resolve },
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["**/*.kernel.test.ts", "**/node_modules/**", "**/dist/**"],
          // A bound for what hangs; a property test on a busy machine takes its time.
          testTimeout: 30_000,
        },
      },
      {
        ssr: { resolve },
        test: {
          name: "kernel",
          include: ["packages/*/src/**/*.kernel.test.ts", "test/**/*.kernel.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          // The files share the sandbox's own namespace: one after another, they cannot meet there.
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
