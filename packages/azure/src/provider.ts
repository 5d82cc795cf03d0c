import { type Capabilities, type Clock, type CloudProvider, parseCidr } from "@podwire/core";
import type { ArmApi } from "./api.ts";
import { changeBlocks } from "./block-change.ts";
import { notSupported, supportedKinds } from "./blocks.ts";
import { cloudInterfaceOf, subnetFactsOf, subnetIdOf } from "./cloud-facts.ts";
import { networkMtuBytes } from "./config.ts";
import { limits } from "./limits.ts";
import { interfacesOf, mustBeMachine } from "./machine.ts";
import { createOwnedNames } from "./owned-name.ts";
import { networkIdOf } from "./resource-id.ts";
import { createSubnetLookup } from "./subnet-lookup.ts";

export interface AzureProviderOptions {
  readonly api: ArmApi;
  readonly clock: Clock;
  /** What carries another cluster's name is foreign. */
  readonly cluster: string;
}

const capabilities: Capabilities = {
  blockKinds: supportedKinds,
  specificAddresses: false,
  // A running machine takes no further interface: it must be deallocated first.
  createInterface: false,
  orphans: false,
  oneDocumentPerInterface: true,
};

/**
 * The provider port on Azure: a block is an ipConfiguration of a network interface, of one address or of a /28. The
 * names of configurations carry the change's token, so that one that is sent twice is there once.
 */
export function createAzureProvider({ api, clock, cluster }: AzureProviderOptions): CloudProvider {
  const names = createOwnedNames(cluster);
  const subnetOf = createSubnetLookup(api);
  return {
    capabilities,

    async limits(node) {
      mustBeMachine(node);
      return limits;
    },

    async network(node, options) {
      // Azure's metadata do not tell the network: the interface does.
      const { primary } = await interfacesOf(api, node, options);
      const network = await api.getVirtualNetwork(networkIdOf(subnetIdOf(primary)), options);
      const { addressSpace, subnets } = network.properties;
      return {
        vpcCidrs: addressSpace.addressPrefixes.map((text) => parseCidr(text)),
        subnets: subnets.map((subnet) => subnetFactsOf(subnet, node)),
        mtuBytes: networkMtuBytes,
      };
    },

    async describe(node, options) {
      const startedAtMs = clock.bootMs();
      const { primary, secondary } = await interfacesOf(api, node, options);
      const interfaces = await Promise.all(
        [primary, ...secondary].map(async (own) => {
          const subnet = await subnetOf(subnetIdOf(own), options);
          return cloudInterfaceOf(own, { isPrimary: own === primary, subnet, cluster, names });
        }),
      );
      return { startedAtMs, interfaces };
    },

    async changeBlocks(change, options) {
      mustBeMachine(change.node);
      return changeBlocks({ api, clock, names }, change, options);
    },

    async createInterface() {
      throw notSupported("create interfaces: a machine takes one only while it is deallocated");
    },

    async deleteInterface() {
      throw notSupported("delete interfaces: it creates none");
    },

    async orphans() {
      throw notSupported("look for orphaned interfaces: it creates none");
    },
  };
}
