import type { Finding } from "@podwire/core";
import type { NodeCondition } from "./node-condition.ts";

/** SO_NETNS_COOKIE, by which a namespace is known again. */
const oldestKernel = [5, 14] as const;

/** What is wrong with the node and what to do about it, worst first. Pure. */
export function judgeNode(condition: NodeCondition): readonly Finding[] {
  const findings = [
    judgeKernel(condition),
    judgeNft(condition),
    ...condition.droppingChains.map(judgeDroppingChain),
    judgeForwarding(condition),
    judgeIpv6(condition),
    judgeNetworkd(condition),
    judgeNetworkdFiles(condition),
    judgeEc2NetUtils(condition),
  ].filter((finding) => finding !== undefined);
  return findings.sort((a, b) => Number(b.severity === "fatal") - Number(a.severity === "fatal"));
}

function judgeKernel({ kernelRelease }: NodeCondition): Finding | undefined {
  const [major = 0, minor = 0] = kernelRelease.split(".").map(Number);
  if (major > oldestKernel[0] || (major === oldestKernel[0] && minor >= oldestKernel[1])) return undefined;
  return {
    severity: "fatal",
    id: "kernel-too-old",
    message: `the kernel ${kernelRelease} is older than ${oldestKernel.join(".")}`,
    remedy: "use a newer node image",
  };
}

function judgeNft({ hasNft }: NodeCondition): Finding | undefined {
  if (hasNft) return undefined;
  return {
    severity: "fatal",
    id: "nft-missing",
    message: "the command nft is not installed",
    remedy: "install the package nftables",
  };
}

/** An accept in one chain does not end the way of a packet: the next chain may still drop it. */
function judgeDroppingChain(chain: string): Finding {
  return {
    severity: "warning",
    id: "forward-policy-drop",
    message: `the chain ${chain} drops every forwarded packet that it does not accept, pods' packets too`,
    remedy: "let it accept packets from and to the pods' addresses, or set its policy to accept",
  };
}

function judgeForwarding({ ipForward }: NodeCondition): Finding | undefined {
  if (ipForward) return undefined;
  return {
    severity: "warning",
    id: "ip-forward-off",
    message: "net.ipv4.ip_forward is 0; podwire sets it, something else may set it back",
    remedy: "set net.ipv4.ip_forward=1 in /etc/sysctl.d",
  };
}

function judgeIpv6({ ipv6 }: NodeCondition): Finding | undefined {
  if (ipv6 === "enabled") return undefined;
  return {
    severity: "warning",
    id: `ipv6-${ipv6}`,
    message: ipv6 === "absent" ? "the kernel has no IPv6" : "net.ipv6.conf.all.disable_ipv6 is 1",
    remedy: "configure families: [4], or give the node IPv6",
  };
}

function judgeNetworkd({ networkdTakesRules }: NodeCondition): Finding | undefined {
  if (!networkdTakesRules) return undefined;
  return {
    severity: "warning",
    id: "networkd-foreign-rules",
    message: "systemd-networkd removes policy rules and routes that it did not make whenever it restarts",
    remedy: "set ManageForeignRoutingPolicyRules=no and ManageForeignRoutes=no in /etc/systemd/networkd.conf.d",
  };
}

function judgeNetworkdFiles({ networkdFilesForAny: files }: NodeCondition): Finding | undefined {
  if (files.length === 0) return undefined;
  return {
    severity: "warning",
    id: "networkd-hot-plug",
    message: `systemd-networkd configures every interface that is plugged in, by ${files.join(", ")}`,
    remedy: "let the [Match] of these files name the primary interface by its MACAddress",
  };
}

function judgeEc2NetUtils({ hasEc2NetUtils }: NodeCondition): Finding | undefined {
  if (!hasEc2NetUtils) return undefined;
  return {
    severity: "warning",
    id: "ec2-net-utils",
    message: "ec2-net-utils configures every interface that is plugged in, with addresses and routes of its own",
    remedy: "remove the package amazon-ec2-net-utils, or tell it to leave podwire's interfaces alone",
  };
}
