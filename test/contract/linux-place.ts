import { execFileSync } from "node:child_process";
import { type MacAddress, parseAddress, parseCidr, parseMac } from "@podwire/core";
import {
  createLinuxHost,
  createNetns,
  createVeth,
  deleteNetns,
  type LinuxHost,
  type Netlink,
  openNetlink,
  openNetns,
  replaceAddr,
  replaceRoute,
  setLink,
} from "@podwire/linux";
import type { HostPlace } from "@podwire/testkit";
import { kernelText } from "../netns/kernel-text.ts";

/** A place on the real kernel: the host is a namespace, its network interfaces are ends of veths into another one. */
export interface LinuxPlace extends HostPlace {
  readonly host: LinuxHost;
  readonly hostPath: string;
  /** In the host's namespace. */
  readonly netlink: Netlink;
  /** Runs `work` with a connection into a pod's namespace. */
  inPod<T>(path: string, work: (netlink: Netlink) => Promise<T>): Promise<T>;
}

const primaryMac = parseMac("02:00:00:00:0a:00");
const secondaryMac = parseMac("02:00:00:00:0a:01");
const directory = "/run/netns";

/** Names of namespaces are new for each place, so that what one test leaves by mistake is not the next one's. */
let places = 0;

export async function createLinuxPlace(): Promise<LinuxPlace> {
  const name = `${directory}/place${++places}`;
  const [hostPath, cloudPath] = [`${name}-host`, `${name}-cloud`];
  const living = new Set<string>();
  for (const path of [hostPath, cloudPath]) createNetns(path);
  await plugIn(hostPath, cloudPath);
  const netlink = openNetlink({ netnsPath: hostPath });
  const host = createLinuxHost({ hostNetnsPath: hostPath });
  let pods = 0;
  return {
    host,
    hostPath,
    netlink,
    inPod,
    primaryMac,
    secondaryMac,
    badPaths: [
      { what: "nothing", path: `${name}-absent` },
      { what: "a relative path", path: "netns/pod" },
      { what: "a regular file", path: "/proc/self/status" },
      { what: "a directory", path: directory },
      { what: "a namespace of another kind", path: "/proc/self/ns/mnt" },
      { what: "the host's own", path: hostPath },
    ],
    addNamespace: async (path = `${name}-pod${++pods}`) => {
      createNetns(path);
      living.add(path);
      return path;
    },
    removeNamespace: async (path) => {
      deleteNetns(path);
      living.delete(path);
    },
    addForeignInterface: (path, ifName) =>
      inPod(path, (pod) => pod.apply([createVeth({ name: ifName, mtuBytes: 1500, peer: { name: "elsewhere" } })])),
    snapshot: async () => {
      const texts = [await kernelText(hostPath), nftText(hostPath)];
      for (const path of living) texts.push(await kernelText(path));
      return texts.join("\n");
    },
    dispose: async () => {
      host.close();
      netlink.close();
      for (const path of [...living, hostPath, cloudPath]) deleteNetns(path);
    },
  };
}

async function inPod<T>(path: string, work: (netlink: Netlink) => Promise<T>): Promise<T> {
  const netlink = openNetlink({ netnsPath: path, maxSockets: 1 });
  try {
    return await work(netlink);
  } finally {
    netlink.close();
  }
}

/** As a node finds itself after boot: the primary interface configured, another one just plugged in. */
async function plugIn(hostPath: string, cloudPath: string): Promise<void> {
  const host = openNetns(hostPath);
  const nic = (name: string, ifName: string, mac: MacAddress) =>
    createVeth({ name, mtuBytes: 1500, peer: { name: ifName, mac, netnsFd: host.fd } });
  await inPod(cloudPath, (cloud) =>
    cloud.apply([
      nic("primary", "eth0", primaryMac),
      nic("secondary", "eth1", secondaryMac),
      setLink("primary", { up: true }),
      setLink("secondary", { up: true }),
    ]),
  );
  host.close();
  await inPod(hostPath, async (netlink) => {
    const ifIndex = (await netlink.link("eth0"))?.index ?? 0;
    await netlink.apply([
      setLink("lo", { up: true }),
      setLink("eth0", { up: true }),
      replaceAddr({ ifIndex, address: parseAddress("10.0.0.10"), prefixLength: 24, protocol: 0 }),
      replaceRoute({
        table: 254,
        type: "unicast",
        destination: parseCidr("0.0.0.0/0"),
        ifIndex,
        gateway: parseAddress("10.0.0.1"),
        protocol: 3,
      }),
    ]);
  });
}

function nftText(hostPath: string): string {
  const listing = execFileSync("nsenter", [`--net=${hostPath}`, "nft", "-j", "list", "ruleset"], {
    encoding: "utf8",
    env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
  });
  // Handles are new each time, and counters run.
  return listing.replace(/"(handle|packets|bytes)": ?\d+/g, '"$1": 0');
}
