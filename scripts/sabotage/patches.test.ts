import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const patches = readdirSync(`${root}/test/sabotage`).filter((name) => name.endsWith(".patch"));

test("there are patches", () => expect(patches.length).toBeGreaterThanOrEqual(20));

// What they break is tried by `npm run check:sabotage`; that they fit the sources is seen here, by who changes those.
test.each(patches)("%s applies to the sources as they are", (name) => {
  execFileSync("git", ["apply", "--check", `test/sabotage/${name}`], { cwd: root, stdio: "pipe" });
});
