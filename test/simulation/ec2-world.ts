import { createAwsProvider, type Ec2Api } from "@podwire/aws-eni";
import { FakeAws, type FakeAwsOptions, type ScenarioInput } from "@podwire/aws-eni/testing";
import { type NodeIdentity, PodwireError } from "@podwire/core";
import { NodeWorld } from "./node-world.ts";

const instanceId = "i-1";
const subnetId = "subnet-1";

const scenario = {
  vpcs: [{ vpcId: "vpc-1", cidrBlocks: ["10.0.0.0/16"] }],
  subnets: [{ subnetId, vpcId: "vpc-1", availabilityZone: "eu-central-1a", cidrBlock: "10.0.0.0/24" }],
  instances: [{ instanceId, instanceType: "m5.large", subnetId }],
} satisfies ScenarioInput;

function withIpv6(ipv6: Ec2WorldOptions["ipv6"]): ScenarioInput {
  if (ipv6 === undefined) return scenario;
  return {
    ...scenario,
    vpcs: scenario.vpcs.map((vpc) => ({ ...vpc, ipv6CidrBlocks: [...ipv6.vpc] })),
    subnets: scenario.subnets.map((subnet) => ({ ...subnet, ipv6CidrBlock: ipv6.subnet })),
  };
}

export interface Ec2WorldOptions extends Pick<FakeAwsOptions, "admission" | "latencyMs" | "describeLagMs"> {
  readonly config?: object;
  /** IPv6 ranges of VPC and subnet; default: none. */
  readonly ipv6?: { readonly vpc: readonly string[]; readonly subnet: string };
  /** In place of what the metadata service says. */
  readonly identity?: (real: NodeIdentity) => NodeIdentity;
}

/** One node over the real adapter and the fake EC2, on virtual time. The memory provider of the world is idle. */
export class Ec2World {
  readonly node: NodeWorld;
  readonly instanceId = instanceId;
  readonly subnetId = subnetId;
  /** While true, no call reaches EC2. */
  cut = false;
  #aws: FakeAws | undefined;

  constructor({ config = {}, identity = (real) => real, ipv6, ...options }: Ec2WorldOptions = {}) {
    this.node = new NodeWorld({
      config,
      cloud: ({ clock, faults }) => {
        const aws = new FakeAws({ ...options, scenario: withIpv6(ipv6), clock, faults });
        this.#aws = aws;
        const api = this.#cuttable(aws.api());
        const provider = createAwsProvider({ api, clock, cluster: "default" });
        return { provider, identity: identity(aws.identity(instanceId)) };
      },
    });
  }

  get aws(): FakeAws {
    if (this.#aws === undefined) throw new Error("the world is not made yet");
    return this.#aws;
  }

  /** What EC2 holds for the node, as blocks. */
  get blocks(): readonly string[] {
    const own = this.aws.model.state().interfaces.filter(({ attachment }) => attachment?.instanceId === instanceId);
    return own.flatMap(({ secondaryAddresses }) => secondaryAddresses.map((address) => `${address}/32`)).sort();
  }

  /** Every interface that stands in EC2, and how many addresses it has for pods. */
  get interfaces() {
    return this.aws.model.state().interfaces.map(({ networkInterfaceId, attachment, secondaryAddresses }) => ({
      id: networkInterfaceId,
      deviceIndex: attachment?.deviceIndex,
      deleteOnTermination: attachment?.deleteOnTermination,
      addresses: secondaryAddresses.length,
    }));
  }

  #cuttable(api: Ec2Api): Ec2Api {
    const unreachable = () => new PodwireError("CLOUD_UNREACHABLE", "EC2 could not be reached");
    return new Proxy(api, {
      get: (target, name) => {
        const call = Reflect.get(target, name);
        return (...args: unknown[]) => (this.cut ? Promise.reject(unreachable()) : Reflect.apply(call, target, args));
      },
    });
  }
}
