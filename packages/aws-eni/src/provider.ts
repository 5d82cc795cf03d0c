import {
  type Capabilities,
  type Clock,
  type CloudInterface,
  type CloudProvider,
  type InterfaceOutcome,
  type InterfaceRequest,
  parseCidr,
} from "@podwire/core";
import type { Ec2Api, Filter } from "./api.ts";
import { changeBlocks, shortageOf } from "./block-change.ts";
import { blockCounts, supportedKinds } from "./blocks.ts";
import { cloudInterfaceOf, subnetFactsOf } from "./cloud-facts.ts";
import { vpcMtuBytes } from "./config.ts";
import { createDeviceIndexes } from "./device-indexes.ts";
import { createInterface } from "./interface-creation.ts";
import { deleteInterface } from "./interface-removal.ts";
import { createLimitsLookup } from "./limits.ts";
import { findOrphans } from "./orphans.ts";
import { createSubnetCidrLookup } from "./subnet-cidrs.ts";

export interface AwsProviderOptions {
  readonly api: Ec2Api;
  readonly clock: Clock;
  /** Interfaces tagged with another cluster's name are foreign. */
  readonly cluster: string;
}

const capabilities: Capabilities = {
  blockKinds: supportedKinds,
  specificAddresses: false,
  createInterface: true,
  orphans: true,
  oneDocumentPerInterface: false,
};

/**
 * The provider port on EC2: a block is a secondary private IPv4 address or a prefix of an elastic network interface;
 * which of them is the caller's choice. EC2 takes no idempotency token for assigning them, so a change whose outcome is
 * unknown must not be sent again before a describe has told what became of it.
 */
export function createAwsProvider({ api, clock, cluster }: AwsProviderOptions): CloudProvider {
  const cidrsOfSubnets = createSubnetCidrLookup(api);
  const tools = { api, clock, cluster, limits: createLimitsLookup(api), deviceIndexes: createDeviceIndexes(clock) };
  return {
    capabilities,
    limits: tools.limits,

    async network(node, options) {
      const [vpcs, subnets] = await Promise.all([
        api.describeVpcs({ vpcIds: [node.networkId] }, options),
        api.describeSubnets({ filters: subnetFilters(node.networkId, node.zone) }, options),
      ]);
      const vpcCidrs = vpcs.flatMap((vpc) => [...vpc.cidrBlocks, ...vpc.ipv6CidrBlocks].map((cidr) => parseCidr(cidr)));
      return { vpcCidrs, subnets: subnets.map(subnetFactsOf), mtuBytes: vpcMtuBytes };
    },

    async describe(node, options) {
      const startedAtMs = clock.bootMs();
      const filters = [{ name: "attachment.instance-id", values: [node.id] }];
      const interfaces = await api.describeNetworkInterfaces({ filters }, options);
      const cidrs = await cidrsOfSubnets(new Set(interfaces.map((own) => own.subnetId)), options);
      return { startedAtMs, interfaces: interfaces.map((own) => cloudInterfaceOf(own, cidrs, cluster)) };
    },

    changeBlocks: (change, options) => changeBlocks(api, change, options),

    async createInterface(request, options) {
      // Before, not after: what fails now leaves nothing.
      const cidrs = await cidrsOfSubnets(new Set([request.subnetId]), options);
      const created = await createInterface(tools, request, options);
      return outcomeOf(cloudInterfaceOf(created, cidrs, cluster), request);
    },

    deleteInterface: (ref, options) => deleteInterface(tools, ref, options),
    orphans: (scope, options) => findOrphans(api, scope, options),
  };
}

function outcomeOf(made: CloudInterface, { add }: InterfaceRequest): InterfaceOutcome {
  const failure = shortageOf(made.id, made.blocks, blockCounts(add));
  return { interface: made, ...(failure === undefined ? {} : { failure }) };
}

function subnetFilters(vpcId: string, zone: string): readonly Filter[] {
  return [
    { name: "vpc-id", values: [vpcId] },
    { name: "availability-zone", values: [zone] },
    { name: "state", values: ["available"] },
  ];
}
