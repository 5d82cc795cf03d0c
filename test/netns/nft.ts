import { execFileSync } from "node:child_process";

/** Runs one command of nft inside the namespace; what it prints. */
export function nft(netnsPath: string, ...args: readonly string[]): string {
  const env = { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  return execFileSync("nsenter", [`--net=${netnsPath}`, "nft", ...args], { encoding: "utf8", env });
}

/** Sum of the packet counters of a chain, named as `inet table chain`. */
export function countedPackets(netnsPath: string, chain: string): number {
  const listing = nft(netnsPath, "list", "chain", ...chain.split(" "));
  return [...listing.matchAll(/packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
}
