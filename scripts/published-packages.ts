import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { captureProgram } from "./child.ts";

/** What is wrong with the packages as they would be published: packed by pnpm, then read by publint. */
export async function checkPublishedPackages(root: string): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), "podwire-pack-"));
  try {
    const packed = await captureProgram(packCommand(root, directory), { cwd: root });
    if (packed.exitCode !== 0) return [packed.output];
    const tarballs = readdirSync(directory).map((name) => join(directory, name));
    const findings = await Promise.all(tarballs.map(lintTarball));
    return [...findings.flat(), ...missingTarballs(root, tarballs.length)];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** pnpm in the version that installs the workspace: `npm run bootstrap` names it, and npm has it cached since. */
function packCommand(root: string, directory: string): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: { bootstrap: string } };
  const pnpm = /\bpnpm@[\d.]+/.exec(manifest.scripts.bootstrap)?.[0] ?? "pnpm";
  const filters = publishedPackages(root).map((name) => `--filter=${name}`);
  return ["npx", "--yes", "--prefer-offline", pnpm, "-r", ...filters, "pack", "--pack-destination", directory];
}

function publishedPackages(root: string): readonly string[] {
  return globSync("packages/*/package.json", { cwd: root })
    .map((path) => JSON.parse(readFileSync(join(root, path), "utf8")) as { name: string; private?: boolean })
    .filter((manifest) => manifest.private !== true)
    .map(({ name }) => name);
}

async function lintTarball(path: string): Promise<readonly string[]> {
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytesOf(path) } });
  const unstripped = JSON.stringify(pkg["exports"]).includes("podwire-source")
    ? ["exports still name our sources"]
    : [];
  const findings = messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
  return [...findings, ...unstripped].map((finding) => `${pkg["name"]}: ${finding}`);
}

function bytesOf(path: string): ArrayBuffer {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function missingTarballs(root: string, found: number): readonly string[] {
  const expected = publishedPackages(root).length;
  return expected === found ? [] : [`pnpm packed ${found} packages instead of ${expected}`];
}
