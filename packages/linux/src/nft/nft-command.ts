import { spawn } from "node:child_process";
import { accessSync, closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PodwireError } from "@podwire/core";

/** The nft command of the node, in one network namespace. */
export interface Nft {
  /** Carries out a script as one transaction: all of it or nothing. @throws KERNEL_REFUSED with nft's own text */
  run(script: string): Promise<void>;
  /** Standard output of `nft …`. @throws KERNEL_REFUSED */
  read(args: readonly string[]): Promise<string>;
}

/** Debian keeps it out of an ordinary user's PATH, and a daemon's PATH may be anything. */
const systemDirectories = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"];

/** @param netnsPath the namespace; default: the process's own */
export function createNft(netnsPath?: string): Nft {
  const command = (args: readonly string[]): readonly string[] => {
    const nft = [findNft(), ...args];
    return netnsPath === undefined ? nft : ["nsenter", `--net=${netnsPath}`, ...nft];
  };
  return {
    read: (args) => execute(command(args), undefined),
    run: async (script) => {
      const fd = openScript(script);
      try {
        await execute(command(["-f", "/dev/stdin"]), fd);
      } finally {
        closeSync(fd);
      }
    },
  };
}

/** @throws HOST_UNFIT when there is none */
export function findNft(path = process.env["PATH"] ?? ""): string {
  for (const directory of [...path.split(":"), ...systemDirectories]) {
    const candidate = join(directory, "nft");
    if (directory.startsWith("/") && isExecutable(candidate)) return candidate;
  }
  throw new PodwireError("HOST_UNFIT", "the command nft is not installed", {
    details: "install the package nftables",
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** open(2), x86 and arm alike; Node does not name it. */
const openTemporaryFile = 0o20000000 | constants.O_DIRECTORY;

/**
 * The script as a regular file: nft opens /dev/stdin again, which for a pipe made by Node is refused (ENXIO). The file
 * never has a name, so that nothing is left behind, also when this process is killed.
 */
function openScript(script: string): number {
  let fd: number;
  try {
    fd = openSync(tmpdir(), openTemporaryFile | constants.O_RDWR, 0o600);
  } catch {
    // The file system has no files without a name.
    return openNamedScript(script);
  }
  try {
    // By position: nft reads from where the descriptor stands.
    const bytes = Buffer.from(script);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The file has no name any more when nft reads it. */
function openNamedScript(script: string): number {
  const directory = mkdtempSync(join(tmpdir(), "podwire-nft-"));
  try {
    const path = join(directory, "script");
    writeFileSync(path, script, { flag: "wx", mode: 0o600 });
    // Opened anew: nft reads from where the descriptor stands.
    return openSync(path, "r");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const timeoutMs = 20_000;

async function execute([command = "", ...args]: readonly string[], stdin: number | undefined): Promise<string> {
  const child = spawn(command, args, {
    stdio: [stdin ?? "ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new PodwireError("INTERNAL", `${command} has no output`);
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  try {
    const [code, output, complaint] = await Promise.all([ended, text(stdout), text(stderr)]);
    if (code === 0) return output;
    throw refused(args, complaint.trim() || `exit status ${code ?? "unknown: killed"}`);
  } catch (error) {
    throw error instanceof PodwireError ? error : refused(args, `cannot run ${command}: ${(error as Error).message}`);
  }
}

function refused(args: readonly string[], complaint: string): PodwireError {
  const [line = ""] = complaint.split("\n");
  const op = `nft ${args.slice(args.findIndex((arg) => arg.endsWith("/nft")) + 1).join(" ")}`;
  return new PodwireError("KERNEL_REFUSED", `${op} failed (${line})`, { op, details: complaint.slice(0, 2000) });
}
