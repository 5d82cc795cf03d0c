import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** A command of the system that podwire runs, by name or path, and where Debian keeps it. */
export interface SystemPackage {
  readonly command: string;
  readonly debianPackage: string;
  readonly why: string;
  /** Only the bench needs it, and says so in its report where it cannot be had. */
  readonly peer?: true;
}

/** The one list of what demo, tests and bench need beside Node. */
export const systemPackages: readonly SystemPackage[] = [
  { command: "nft", debianPackage: "nftables", why: "podwire and the VPC of namespaces write packet rules with it" },
  { command: "unshare", debianPackage: "util-linux", why: "demo and kernel tests run in namespaces of their own" },
  { command: "nsenter", debianPackage: "util-linux", why: "the processes of a node are started in its namespace" },
  { command: "mount", debianPackage: "mount", why: "the sandbox has a /run of its own" },
  {
    command: "/usr/lib/cni/ptp",
    debianPackage: "containernetworking-plugins",
    why: "the bench measures podwire beside it",
    peer: true,
  },
];

export interface SystemFacts {
  readonly hasCommand: (command: string) => boolean;
  readonly isRoot: boolean;
}

export type InstallationPlan =
  | { readonly kind: "complete" }
  | { readonly kind: "install"; readonly missing: readonly SystemPackage[] }
  | { readonly kind: "refuse"; readonly missing: readonly SystemPackage[]; readonly reason: string };

/** What to do about the packages that are missing: nothing, install them, or say why that cannot be done here. */
export function planInstallation(packages: readonly SystemPackage[], facts: SystemFacts): InstallationPlan {
  const missing = packages.filter(({ command }) => !facts.hasCommand(command));
  if (missing.length === 0) return { kind: "complete" };
  if (!facts.hasCommand("apt-get")) return { kind: "refuse", missing, reason: "this system has no apt-get" };
  if (!facts.isRoot) return { kind: "refuse", missing, reason: "only root may install packages" };
  return { kind: "install", missing };
}

/** One line a missing command: which package holds it and what it is for. */
export function describeMissing(missing: readonly SystemPackage[]): string {
  return missing.map((entry) => `  ${entry.command} (Debian package ${entry.debianPackage}): ${entry.why}`).join("\n");
}

/** A plain user's PATH often lacks the directories where Debian keeps nft. */
const sbinDirectories = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const missingPackageExitCode = 3;

function readFacts(): SystemFacts {
  const directories = [...(process.env["PATH"] ?? "").split(":").filter((part) => part !== ""), ...sbinDirectories];
  return {
    hasCommand: (command) =>
      command.startsWith("/")
        ? isExecutable(command)
        : directories.some((directory) => isExecutable(join(directory, command))),
    isRoot: process.getuid?.() === 0,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function install(missing: readonly SystemPackage[]): void {
  const names = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  console.error(`installing ${names.join(", ")} with apt-get, because these are missing:\n${describeMissing(missing)}`);
  aptGet(["update"], "stale package lists may still do");
  aptGet(["install", "--yes", "--no-install-recommends", ...names], "see its own words above");
}

function aptGet(words: readonly string[], onFailure: string): void {
  // Another run may be installing the same: wait for its lock instead of failing.
  const argv = ["-q", "-o", "DPkg::Lock::Timeout=120", ...words];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    execFileSync("apt-get", argv, { env, stdio: ["ignore", process.stderr, process.stderr] });
  } catch {
    console.error(`apt-get ${words[0]} failed; ${onFailure}`);
  }
}

/** @param withPeers also those that only the bench wants */
function main(withPeers: boolean): number {
  const wanted = systemPackages.filter(({ peer }) => withPeers || peer !== true);
  const plan = planInstallation(wanted, readFacts());
  if (plan.kind === "complete") return 0;
  if (plan.kind === "install") install(plan.missing);
  const after = planInstallation(wanted, readFacts());
  if (after.kind === "complete") return 0;
  const reason = plan.kind === "refuse" ? plan.reason : "apt-get did not install them";
  console.error(`these commands are missing, and ${reason}:\n${describeMissing(after.missing)}`);
  return after.missing.every(({ peer }) => peer === true) ? 0 : missingPackageExitCode;
}

if (import.meta.main) process.exitCode = main(process.argv.includes("--with-peers"));
