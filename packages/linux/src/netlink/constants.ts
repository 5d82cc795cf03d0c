/**
 * Numbers of the kernel's interface, as in <linux/netlink.h>, <linux/rtnetlink.h>, <linux/if_link.h>,
 * <linux/if_addr.h>, <linux/neighbour.h>, <linux/fib_rules.h>. Only those that are used.
 */

export const netlinkFamily = { route: 0, netfilter: 12 } as const;

/** Types below 16 are netlink's own; the rest is rtnetlink's. */
export const messageType = {
  error: 2,
  done: 3,
  newLink: 16,
  delLink: 17,
  getLink: 18,
  setLink: 19,
  newAddr: 20,
  delAddr: 21,
  getAddr: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  newNeigh: 28,
  delNeigh: 29,
  getNeigh: 30,
  newRule: 32,
  delRule: 33,
  getRule: 34,
  newNsid: 88,
  getNsid: 90,
} as const;

export const messageFlag = {
  request: 0x1,
  ack: 0x4,
  /** In a dump's answer: what is dumped changed meanwhile. */
  dumpInterrupted: 0x10,
  /** In an error: attributes follow. */
  ackAttributes: 0x200,
  /** In an error: the request is not repeated in it, only its header. */
  capped: 0x100,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  dump: 0x300,
} as const;

export const addressFamily = { unspec: 0, inet: 2, inet6: 10, netlink: 16 } as const;

export const linkAttribute = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  linkInfo: 18,
  alias: 20,
  familySpec: 26,
  group: 27,
  netnsFd: 28,
  linkNetnsId: 37,
} as const;

export const linkFlag = { up: 0x1 } as const;

/** Inside IFLA_LINKINFO, and inside its data for a veth. */
export const linkInfoAttribute = { kind: 1, data: 2, vethPeer: 1 } as const;

/**
 * Inside IFLA_AF_SPEC, by family: IPv4 per-interface settings (IPV4_DEVCONF_…) and how IPv6 makes its link-local
 * address.
 */
export const familySpecAttribute = { inetConf: 1, inet6AddrGenMode: 8 } as const;
export const inetConf = { rpFilter: 8 } as const;
export const addrGenMode = { none: 1 } as const;

export const addrAttribute = { address: 1, local: 2, flags: 8, protocol: 11 } as const;
export const addrFlag = { noDad: 0x02, permanent: 0x80, noPrefixRoute: 0x200 } as const;

export const routeAttribute = {
  destination: 1,
  outInterface: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  table: 15,
} as const;
export const routeFlag = { onlink: 4, cloned: 0x200 } as const;
export const routeScope = { universe: 0, link: 253 } as const;
export const routeTable = { compat: 252, main: 254, local: 255 } as const;

export const ruleAttribute = {
  destination: 1,
  source: 2,
  inInterface: 3,
  priority: 6,
  mark: 10,
  table: 15,
  markMask: 16,
  protocol: 21,
} as const;
export const ruleAction = { lookup: 1 } as const;

export const neighAttribute = { address: 1, linkAddress: 2 } as const;
export const neighState = { permanent: 0x80 } as const;

export const netnsAttribute = { nsid: 1, fd: 3 } as const;

/** SOL_NETLINK and its options. */
export const netlinkOption = { level: 270, capAck: 10, extAck: 11, strictCheck: 12 } as const;
export const extAckAttribute = { message: 1 } as const;
