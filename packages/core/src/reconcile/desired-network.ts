import type { NodeInterface, NodeNetwork } from "../host/node-network.ts";
import type { NodeState } from "../store/node-state.ts";
import type { CloudFacts } from "./cloud-facts-cache.ts";
import type { NodeSettings } from "./node-settings.ts";

/** What the kernel must hold for the state to be true. Pure. */
export function desiredNetwork(state: NodeState, settings: NodeSettings, facts: CloudFacts): NodeNetwork {
  const blocks = [...state.blocks.values()];
  const interfaces = [...state.interfaces.values()]
    .filter((record) => record.owner === "ours")
    .map(
      ({ id, mac, role, ordinal, primaryAddresses, gateways }): NodeInterface => ({
        mac,
        role,
        ordinal,
        primaryAddresses,
        gateways,
        mtuBytes: facts.network.mtuBytes,
        blocks: blocks.filter((block) => block.interfaceId === id).map((block) => block.cidr),
      }),
    );
  return {
    interfaces,
    vpcCidrs: facts.network.vpcCidrs,
    egress: settings.config.egress,
    attachments: [...state.attachments.values()].flatMap(({ state: life, spec, facts: made }) =>
      life === "ready" && made !== undefined ? [{ spec, facts: made }] : [],
    ),
  };
}
