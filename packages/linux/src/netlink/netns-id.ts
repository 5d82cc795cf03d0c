import { readAttributes, readS32 } from "./attributes.ts";
import { messageType, netnsAttribute } from "./constants.ts";
import { MessageWriter } from "./message-writer.ts";
import type { NetlinkRequest } from "./request.ts";

/** Asks by what number the socket's namespace knows another one: the number that `Link.peerNetnsId` uses. */
export function getNetnsId(netnsFd: number): NetlinkRequest {
  return {
    type: messageType.getNsid,
    flags: 0,
    body: new MessageWriter().u32(0).attributeU32(netnsAttribute.fd, netnsFd).finish(),
    description: `netns list-id fd ${netnsFd}`,
    tolerated: [],
  };
}

/** Undefined when the namespace has no number yet: then no link of this one leads there. */
export function decodeNetnsId(body: Buffer): number | undefined {
  const id = readS32(readAttributes(body, 4), netnsAttribute.nsid);
  return id === undefined || id < 0 ? undefined : id;
}
