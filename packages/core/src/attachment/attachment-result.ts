import { type Address, familyOf } from "../address/address.ts";
import { cidrFamily, hostCidr, prefixLength } from "../address/cidr.ts";
import type { CniDns, CniResult } from "../cni/result.ts";
import type { AttachmentFacts, AttachmentSpec } from "../host/attachment-spec.ts";

/** The result of ADD: the host's end first, then the pod's, as the upstream plugins do. */
export function attachmentResult(spec: AttachmentSpec, facts: AttachmentFacts, dns: CniDns | undefined): CniResult {
  const gatewayOf = (address: Address) =>
    facts.routes.find(
      ({ destination }) => prefixLength(destination) === 0 && cidrFamily(destination) === familyOf(address),
    )?.gateway;
  return {
    interfaces: [
      { name: facts.hostIfName, mac: facts.hostMac, mtu: facts.mtuBytes },
      { name: spec.key.ifName, mac: facts.podMac, mtu: facts.mtuBytes, sandbox: spec.netns.path },
    ],
    ips: spec.addresses.map(({ address }) => {
      const gateway = gatewayOf(address);
      return { address: hostCidr(address), interface: 1, ...(gateway === undefined ? {} : { gateway }) };
    }),
    routes: facts.routes.map(({ destination, gateway }) => ({
      dst: destination,
      ...(gateway === undefined ? {} : { gw: gateway }),
    })),
    ...(dns === undefined ? {} : { dns }),
  };
}
