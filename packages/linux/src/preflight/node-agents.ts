import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Software of the node that configures networks, too. */
export interface NodeAgents {
  /** systemd-networkd runs and removes rules or routes it did not make. */
  readonly networkdTakesRules: boolean;
  /** Files by which it configures whatever interface is plugged in. */
  readonly networkdFilesForAny: readonly string[];
  /** Amazon's agent that does so. */
  readonly hasEc2NetUtils: boolean;
}

/** What the node's files say about software that configures networks. */
export function nodeAgents(root: string): NodeAgents {
  const networkdRuns = existsSync(join(root, "run/systemd/netif/links"));
  return {
    networkdTakesRules: networkdRuns && !keepsForeign(networkdSettings(root)),
    networkdFilesForAny: networkdRuns
      ? networkFiles(root)
          .filter(({ text }) => takesAny(text))
          .map(({ path }) => path)
      : [],
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
  return systemdDirectories
    .flatMap((path) => [join(path, "networkd.conf"), ...filesIn(root, join(path, "networkd.conf.d"), ".conf")])
    .filter((path) => existsSync(join(root, path)))
    .map((path) => readFileSync(join(root, path), "utf8"));
}

function networkFiles(root: string): readonly { readonly path: string; readonly text: string }[] {
  return systemdDirectories
    .flatMap((path) => filesIn(root, join(path, "network"), ".network"))
    .map((path) => ({ path: `/${path}`, text: readFileSync(join(root, path), "utf8") }));
}

function filesIn(root: string, path: string, ending: string): readonly string[] {
  const names = existsSync(join(root, path)) ? readdirSync(join(root, path)) : [];
  return names.filter((name) => name.endsWith(ending)).map((name) => join(path, name));
}

/** Its [Match] fits interfaces of the name, kind or driver that those plugged in later have, and it manages them. */
function takesAny(text: string): boolean {
  const match = /\[Match\]([^[]*)/.exec(text)?.[1] ?? "";
  const isNarrow = /^\s*(MACAddress|PermanentMACAddress|Path)\s*=/m.test(match);
  const isWide = /^\s*(Name\s*=.*\*|Driver\s*=|Type\s*=\s*ether)/m.test(match);
  return isWide && !isNarrow && !/^\s*Unmanaged\s*=\s*(yes|true|on|1)\s*$/m.test(text);
}

/** Both are podwire's way of leading packets. */
const foreignSettings = ["ManageForeignRoutingPolicyRules", "ManageForeignRoutes"];

function keepsForeign(settings: readonly string[]): boolean {
  return foreignSettings.every((name) => {
    const kept = new RegExp(`^\\s*${name}\\s*=\\s*(no|false|off|0)\\s*$`, "m");
    return settings.some((text) => kept.test(text));
  });
}
