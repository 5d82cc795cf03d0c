import type { Capabilities, Clock, CloudProvider } from "@podwire/core";
import type { ComputeApi } from "./api.ts";
import { changeBlocks } from "./block-change.ts";
import { notSupported, supportedKinds } from "./blocks.ts";
import { cidrsOf, cloudInterfaceOf, mustHaveRange, primaryName, subnetFactsOf } from "./cloud-facts.ts";
import { defaultSecondaryRange } from "./config.ts";
import { instanceLimits } from "./limits.ts";
import { lastNameOf, parseInstance, parseNetwork, pathOf } from "./resource-path.ts";
import { createSubnetworkLookup } from "./subnetwork-lookup.ts";

export interface GceProviderOptions {
  readonly api: ComputeApi;
  readonly clock: Clock;
  /** Name of the secondary range that blocks are taken from. */
  readonly secondaryRange?: string;
}

const capabilities: Capabilities = {
  blockKinds: supportedKinds,
  specificAddresses: false,
  createInterface: false,
  orphans: false,
  oneDocumentPerInterface: true,
};

/**
 * The provider port on Compute Engine: a block is an alias range of the node's primary interface, out of one named
 * secondary range of its subnetwork. Interfaces are chosen when an instance is made; none come later.
 */
export function createGceProvider(options: GceProviderOptions): CloudProvider {
  const { api, clock, secondaryRange = defaultSecondaryRange } = options;
  const lookUp = createSubnetworkLookup(api, clock);
  return {
    capabilities,
    limits: async () => instanceLimits,

    async network(node, call) {
      const [network, instance] = await Promise.all([
        api.getNetwork(parseNetwork(node.networkId), call),
        api.getInstance(parseInstance(node.id), call),
      ]);
      const ownUrls = new Set(instance.networkInterfaces.map(({ subnetwork }) => pathOf(subnetwork)));
      const urls = new Set([...network.subnetworks.map(pathOf), ...ownUrls]);
      const subnetworks = await Promise.all([...urls].map((url) => lookUp(url, call)));
      const near = subnetworks.filter(
        ({ selfLink, region }) => lastNameOf(region) === node.region || ownUrls.has(pathOf(selfLink)),
      );
      return {
        vpcCidrs: subnetworks.flatMap(cidrsOf),
        subnets: near.map((subnetwork) => subnetFactsOf(subnetwork, node.zone)),
        mtuBytes: network.mtu,
      };
    },

    async describe(node, call) {
      const startedAtMs = clock.bootMs();
      const { networkInterfaces } = await api.getInstance(parseInstance(node.id), call);
      const primary = networkInterfaces.find(({ name }) => name === primaryName);
      // The subnetworks of the others may be in networks that podwire may not read.
      const subnetwork = primary === undefined ? undefined : await lookUp(primary.subnetwork, call);
      if (subnetwork !== undefined) mustHaveRange(subnetwork, secondaryRange);
      const context = { node, subnetwork, secondaryRange };
      return { startedAtMs, interfaces: networkInterfaces.map((own) => cloudInterfaceOf(own, context)) };
    },

    changeBlocks: (change, call) => changeBlocks({ api, clock, secondaryRange }, change, call),
    createInterface: async () => {
      throw notSupported("create interfaces: Compute Engine adds none to an instance that runs");
    },
    deleteInterface: async () => {
      throw notSupported("delete interfaces");
    },
    orphans: async () => {
      throw notSupported("look for orphans: interfaces live and die with their instance");
    },
  };
}
