import { defineConfig } from "vitest/config";

const resolve = { conditions: ["podwire-source"] };

/** Two suites: `unit` runs anywhere, `kernel` needs the namespaces that scripts/test.ts makes for it. */
export default defineConfig({
  test: {
    projects: [
      {
        ssr: { resolve },
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["**/*.kernel.test.ts", "**/node_modules/**", "**/dist/**"],
        },
      },
      {
        ssr: { resolve },
        test: {
          name: "kernel",
          include: ["packages/*/src/**/*.kernel.test.ts", "test/**/*.kernel.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
