export { defaultKernelNumbers, type KernelNumbers } from "./kernel-numbers.ts";
export { createLinuxHost, type LinuxHost, type LinuxHostOptions } from "./linux-host.ts";
export { lockFile } from "./lock-file.ts";
export { createNetns, deleteNetns } from "./namespace/named-netns.ts";
export { type Netns, netnsCookie, openNetns, runInNetns } from "./namespace/netns.ts";
export { type Addr, type AddrOptions, deleteAddr, replaceAddr } from "./netlink/addr.ts";
export {
  createBridge,
  createVeth,
  deleteLink,
  type Link,
  type LinkChange,
  setLink,
  type Veth,
  type VethEnd,
} from "./netlink/link.ts";
export type { Acknowledgement } from "./netlink/message.ts";
export { deleteNeigh, type Neigh, type PermanentNeigh, replaceNeigh } from "./netlink/neigh.ts";
export { type Netlink, type NetlinkOptions, openNetlink } from "./netlink/netlink.ts";
export type { NetlinkRequest } from "./netlink/request.ts";
export { deleteRoute, type Route, type RouteFilter, type RouteType, replaceRoute } from "./netlink/route.ts";
export { addRule, deleteRule, type Rule } from "./netlink/rule.ts";
export type { NetlinkAnswer } from "./netlink/socket.ts";
