import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { judgeNode } from "./judge-node.ts";
import { nodeAgents } from "./node-agents.ts";
import { droppingChains, type NodeCondition } from "./node-condition.ts";

const fit: NodeCondition = {
  kernelRelease: "6.1.0-aws",
  hasNft: true,
  ipForward: true,
  ipv6: "enabled",
  droppingChains: [],
  networkdTakesRules: false,
  networkdFilesForAny: [],
  hasEc2NetUtils: false,
};

test("a node that is fit has no findings", () => expect(judgeNode(fit)).toEqual([]));

test.each<[string, Partial<NodeCondition>, string]>([
  ["kernel-too-old", { kernelRelease: "5.13.19" }, "5.13.19"],
  ["kernel-too-old", { kernelRelease: "4.19.0" }, "4.19.0"],
  ["nft-missing", { hasNft: false }, "nft"],
  ["ip-forward-off", { ipForward: false }, "ip_forward"],
  ["ipv6-absent", { ipv6: "absent" }, "IPv6"],
  ["ipv6-disabled", { ipv6: "disabled" }, "disable_ipv6"],
  ["forward-policy-drop", { droppingChains: ["ip filter FORWARD"] }, "ip filter FORWARD"],
  ["networkd-foreign-rules", { networkdTakesRules: true }, "systemd-networkd"],
  ["networkd-hot-plug", { networkdFilesForAny: ["/etc/systemd/network/80-dhcp.network"] }, "80-dhcp.network"],
  ["ec2-net-utils", { hasEc2NetUtils: true }, "ec2-net-utils"],
])("%s is found, with what to do about it", (id, changes, text) => {
  const findings = judgeNode({ ...fit, ...changes });
  expect(findings.map((finding) => finding.id)).toEqual([id]);
  expect(findings[0]?.message).toContain(text);
  expect(findings[0]?.remedy).not.toBe("");
});

test.each(["5.14.0", "5.15.0-1084-aws", "6.18.44", "10.0"])("the kernel %s is new enough", (kernelRelease) => {
  expect(judgeNode({ ...fit, kernelRelease })).toEqual([]);
});

test("what keeps podwire from working comes first", () => {
  const findings = judgeNode({ ...fit, ipForward: false, hasNft: false, hasEc2NetUtils: true, kernelRelease: "3.10" });
  expect(findings.map(({ severity }) => severity)).toEqual(["fatal", "fatal", "warning", "warning"]);
});

test("a forward chain of somebody else that drops is found among all chains", () => {
  const chain = { family: "ip", table: "filter", name: "FORWARD", hook: "forward", policy: "drop" };
  const chains = [
    chain,
    { ...chain, family: "ip6", policy: "accept" },
    { ...chain, hook: "input" },
    { ...chain, family: "inet", table: "podwire" },
    { family: "ip", table: "filter", name: "DOCKER" },
  ];
  const json = JSON.stringify({ nftables: [{ metainfo: {} }, ...chains.map((one) => ({ chain: one }))] });
  expect(droppingChains(json)).toEqual(["ip filter FORWARD"]);
});

describe("the node's files tell", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "podwire-node-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const put = (path: string, text = "") => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const networkd = "run/systemd/netif/links/2";
  const settings = "[Network]\nManageForeignRoutingPolicyRules = no\nManageForeignRoutes=no\n";

  test("nothing on a bare node", () => {
    const none = { networkdTakesRules: false, networkdFilesForAny: [], hasEc2NetUtils: false };
    expect(nodeAgents(root)).toEqual(none);
  });

  test("that systemd-networkd runs and takes rules away", () => {
    put(networkd);
    expect(nodeAgents(root).networkdTakesRules).toBe(true);
    put("etc/systemd/networkd.conf", "#ManageForeignRoutingPolicyRules=no\n");
    expect(nodeAgents(root).networkdTakesRules).toBe(true);
  });

  test("that it takes routes away where only the rules are kept", () => {
    put(networkd);
    put("etc/systemd/networkd.conf", "[Network]\nManageForeignRoutingPolicyRules=no\n");
    expect(nodeAgents(root).networkdTakesRules).toBe(true);
    put("etc/systemd/networkd.conf.d/10-routes.conf", "[Network]\nManageForeignRoutes=no\n");
    expect(nodeAgents(root).networkdTakesRules).toBe(false);
  });

  test.each([
    "etc/systemd/networkd.conf",
    "etc/systemd/networkd.conf.d/10-podwire.conf",
    "usr/lib/systemd/networkd.conf.d/80-release.conf",
  ])("that %s stops it", (path) => {
    put(networkd);
    put(path, settings);
    expect(nodeAgents(root).networkdTakesRules).toBe(false);
  });

  test.each([
    ["[Match]\nName=*\n[Network]\nDHCP=yes\n", true],
    ["[Match]\nName=en* eth*\n[Network]\nDHCP=ipv4\n", true],
    ["[Match]\nDriver=ena\n", true],
    ["[Match]\nType=ether\n", true],
    ["[Match]\nName=eth0\n[Network]\nDHCP=yes\n", false],
    ["[Match]\nName=en*\nMACAddress=02:00:00:00:00:01\n", false],
    ["[Match]\nName=*\n[Link]\nUnmanaged=yes\n", false],
    ["", false],
  ])("whether systemd-networkd configures interfaces that are plugged in: %j", (text, found) => {
    const path = "usr/lib/systemd/network/80-any.network";
    put(path, text);
    expect(nodeAgents(root).networkdFilesForAny).toEqual([]);
    put(networkd);
    expect(nodeAgents(root).networkdFilesForAny).toEqual(found ? [`/${path}`] : []);
  });

  test.each(["usr/lib/udev/rules.d/99-vpc-policy-routes.rules", "etc/udev/rules.d/53-ec2-network-interfaces.rules"])(
    "that ec2-net-utils is there, by %s",
    (path) => {
      put(path);
      expect(nodeAgents(root).hasEc2NetUtils).toBe(true);
    },
  );
});
