import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PodwireError } from "@podwire/core";

/**
 * Applies a rule set as one transaction. From a regular file: nft cannot read Node's kind of pipe.
 * @throws KERNEL_REFUSED with the words of nft
 */
export async function applyNft(netnsPath: string, text: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "podwire-nft-"));
  try {
    const file = join(directory, "rules.nft");
    writeFileSync(file, text);
    await runNft(netnsPath, ["-f", file]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What `nft -j` prints. @throws KERNEL_REFUSED */
export async function queryNft(netnsPath: string, argv: readonly string[]): Promise<unknown> {
  return JSON.parse(await runNft(netnsPath, ["-j", ...argv]));
}

/** What `nft` prints. @throws KERNEL_REFUSED */
export async function runNft(netnsPath: string, argv: readonly string[]): Promise<string> {
  // A plain user's PATH does not name /usr/sbin.
  const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  try {
    return (await promisify(execFile)("nsenter", [`--net=${netnsPath}`, "nft", ...argv], { env })).stdout;
  } catch (error) {
    const { stderr = "", message } = error as { stderr?: string; message: string };
    throw new PodwireError("KERNEL_REFUSED", `nft ${argv.join(" ")} failed`, {
      op: "nft",
      details: stderr.trim() || message,
      cause: error,
    });
  }
}
