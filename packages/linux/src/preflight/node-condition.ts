import { release } from "node:os";
import { isPodwireError } from "@podwire/core";
import { findNft, type Nft } from "../nft/nft-command.ts";
import { nftTable } from "../nft/ruleset.ts";
import type { Sysctl } from "../sysctl/sysctl.ts";
import { type NodeAgents, nodeAgents } from "./node-agents.ts";

/** What preflight looks at, as found. */
export interface NodeCondition extends NodeAgents {
  /** `uname -r` */
  readonly kernelRelease: string;
  readonly hasNft: boolean;
  readonly ipForward: boolean;
  readonly ipv6: "absent" | "disabled" | "enabled";
  /** Forward chains of others that drop what they do not accept, as `ip filter FORWARD`. */
  readonly droppingChains: readonly string[];
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
