import { existsSync, readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { isPodwireError } from "@podwire/core";
import { findNft, type Nft } from "../nft/nft-command.ts";
import { nftTable } from "../nft/ruleset.ts";
import type { Sysctl } from "../sysctl/sysctl.ts";

/** What preflight looks at, as found. */
export interface NodeCondition {
  /** `uname -r` */
  readonly kernelRelease: string;
  readonly hasNft: boolean;
  readonly ipForward: boolean;
  readonly ipv6: "absent" | "disabled" | "enabled";
  /** Forward chains of others that drop what they do not accept, as `ip filter FORWARD`. */
  readonly droppingChains: readonly string[];
  /** systemd-networkd runs and removes rules or routes it did not make. */
  readonly networkdTakesRules: boolean;
  /** Amazon's agent that configures interfaces as they are plugged in. */
  readonly hasEc2NetUtils: boolean;
}

/** @param root where the node's files are; they are the same for all its namespaces */
export async function readNodeCondition(sysctl: Sysctl, nft: Nft, root = "/"): Promise<NodeCondition> {
  const hasNft = nftIsThere();
  return {
    kernelRelease: release(),
    hasNft,
    ipForward: sysctl.read("net/ipv4/ip_forward") === "1",
    ipv6: ipv6State(sysctl.read("net/ipv6/conf/all/disable_ipv6")),
    droppingChains: hasNft ? droppingChains(await nft.read(["-j", "list", "chains"])) : [],
    ...nodeAgents(root),
  };
}

/** Pure; exported for its test. */
export function droppingChains(json: string): readonly string[] {
  const { nftables } = JSON.parse(json) as { readonly nftables: readonly { readonly chain?: ListedChain }[] };
  return nftables.flatMap(({ chain }) => {
    if (chain?.hook !== "forward" || chain.policy !== "drop" || chain.table === nftTable) return [];
    return [`${chain.family} ${chain.table} ${chain.name}`];
  });
}

interface ListedChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

/** What the node's files say about software that configures networks. */
export function nodeAgents(root: string): Pick<NodeCondition, "networkdTakesRules" | "hasEc2NetUtils"> {
  return {
    networkdTakesRules: existsSync(join(root, "run/systemd/netif/links")) && !keepsForeign(networkdSettings(root)),
    hasEc2NetUtils: ec2NetUtilsFiles.some((path) => existsSync(join(root, path))),
  };
}

/** Of versions 2 and 1. */
const ec2NetUtilsFiles = [
  "usr/lib/udev/rules.d/99-vpc-policy-routes.rules",
  "etc/udev/rules.d/53-ec2-network-interfaces.rules",
];

/** Where systemd looks for them; which wins when they contradict each other is not judged here. */
const systemdDirectories = ["etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd"];

function networkdSettings(root: string): readonly string[] {
  const files = systemdDirectories.flatMap((path) => {
    const parts = join(root, path, "networkd.conf.d");
    const names = existsSync(parts) ? readdirSync(parts).filter((name) => name.endsWith(".conf")) : [];
    return [join(root, path, "networkd.conf"), ...names.map((name) => join(parts, name))];
  });
  return files.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8"));
}

/** Both are podwire's way of leading packets. */
const foreignSettings = ["ManageForeignRoutingPolicyRules", "ManageForeignRoutes"];

function keepsForeign(settings: readonly string[]): boolean {
  return foreignSettings.every((name) => {
    const kept = new RegExp(`^\\s*${name}\\s*=\\s*(no|false|off|0)\\s*$`, "m");
    return settings.some((text) => kept.test(text));
  });
}

function nftIsThere(): boolean {
  try {
    findNft();
    return true;
  } catch (error) {
    if (isPodwireError(error, "HOST_UNFIT")) return false;
    throw error;
  }
}

function ipv6State(disabled: string | undefined): NodeCondition["ipv6"] {
  if (disabled === undefined) return "absent";
  return disabled === "1" ? "disabled" : "enabled";
}
