import { nft } from "./nft.ts";

/** A service address or a node port, over TCP and UDP, with one backend behind it. */
export interface ServicePort {
  readonly address: string;
  readonly port: number;
  readonly backend: { readonly address: string; readonly port: number };
  /** Traffic policy Cluster: the backend sees the node, not the client. */
  readonly masqueraded?: boolean;
}

const table = "proxy";

/** Bit of the packet's mark by which kube-proxy remembers to masquerade. */
const masqueradeMark = "0x4000";
/** Matches a packet with that bit, whatever else its mark holds. */
export const markedForMasquerade = `meta mark and ${masqueradeMark} == ${masqueradeMark}`;

/**
 * Plays kube-proxy while `work` runs: destinations are translated where it does that, before podwire marks, and what
 * carries its bit is masqueraded after routing. A client that is its own backend is masqueraded always.
 */
export async function withServices(
  netnsPath: string,
  ports: readonly ServicePort[],
  work: () => Promise<void>,
): Promise<void> {
  nft(netnsPath, renderTable(ports));
  try {
    await work();
  } finally {
    nft(netnsPath, "delete", "table", "inet", table);
  }
}

function renderTable(ports: readonly ServicePort[]): string {
  const postrouting = [`meta mark and ${masqueradeMark} == 0 return`, "counter masquerade"];
  const chains = [
    chain("services", "", ports.flatMap(translations)),
    chain("arriving", "type nat hook prerouting priority dstnat", ["jump services"]),
    chain("own", "type nat hook output priority -100", ["jump services"]),
    chain("leaving", "type nat hook postrouting priority srcnat", postrouting),
  ];
  return `table inet ${table} { ${chains.join(" ")} }`;
}

function translations({ address, port, backend, masqueraded }: ServicePort): string[] {
  const ip = address.includes(":") ? "ip6" : "ip";
  const match = `${ip} daddr ${address} meta l4proto { tcp, udp } th dport ${port}`;
  const whose = masqueraded === true ? "" : ` ${ip} saddr ${backend.address}`;
  const target = ip === "ip" ? backend.address : `[${backend.address}]`;
  return [
    `${match}${whose} meta mark set meta mark or ${masqueradeMark}`,
    `${match} dnat ${ip} to ${target}:${backend.port}`,
  ];
}

function chain(name: string, hook: string, rules: readonly string[]): string {
  return `chain ${name} { ${[hook, ...rules].filter((line) => line !== "").join("; ")}; };`;
}
