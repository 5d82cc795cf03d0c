import { type Address, parseAddress } from "@podwire/core";
import { createFabric, type Fabric, monotonicClock, type OutsideHost } from "@podwire/testkit";
import { type CloudMachine, fabricStateOf } from "./cloud-network.ts";
import { FakeAws, type FakeAwsOptions } from "./fake-aws.ts";
import { isPrimary } from "./world.ts";

/** Where instances find their metadata: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html */
export const metadataAddress = parseAddress("169.254.169.254");

/** What EC2 does beside the network, of FakeAws: latencies, lag, faults, throttling. */
export interface FakeVpcNetworkOptions extends Omit<FakeAwsOptions, "clock"> {
  /** A name for the namespace of each instance. */
  readonly machines: readonly CloudMachine[];
  /** The API of EC2 at an interface endpoint in the VPC, as AWS PrivateLink makes it. */
  readonly ec2Address: Address;
  readonly outside: OutsideHost;
}

/**
 * A pretend VPC in the network namespace of this process: EC2 and the metadata service as servers, and a network of
 * namespaces that does what EC2 says. Every instance has booted: its primary interface is configured.
 */
export interface FakeVpcNetwork {
  readonly aws: FakeAws;
  readonly fabric: Fabric;
  /** For AWS_ENDPOINT_URL_EC2. */
  readonly ec2Url: string;
  readonly region: string;
  /** Resolves when the network is as EC2 says now; rejects if it could not follow. */
  settled(): Promise<void>;
  /** Removes everything that was made. */
  close(): Promise<void>;
}

/** @throws KERNEL_REFUSED and others; nothing is left then */
export async function startFakeVpcNetwork(options: FakeVpcNetworkOptions): Promise<FakeVpcNetwork> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = async () => {
    for (let undo = closers.pop(); undo !== undefined; undo = closers.pop()) await undo();
  };
  try {
    return { ...(await raise(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function raise(
  { machines, ec2Address, outside, ...ofAws }: FakeVpcNetworkOptions,
  closers: (() => void | Promise<void>)[],
): Promise<Omit<FakeVpcNetwork, "close">> {
  const aws = new FakeAws({ ...ofAws, clock: monotonicClock() });
  const fabric = await createFabric({ services: [metadataAddress, ec2Address], outside });
  closers.push(fabric.close);
  let following = fabric.converge(fabricStateOf(aws.model.state(), machines));
  await following;
  const unsubscribe = aws.model.subscribe((_, state) => {
    following = fabric.converge(fabricStateOf(state, machines));
    // Whoever asks whether it has settled gets the error; without anybody it would end the process.
    following.catch(() => {});
  });
  closers.push(() => void unsubscribe());
  const metadata = await aws.serveMetadata({ host: metadataAddress, port: 80 });
  closers.push(metadata.close);
  const ec2 = await aws.serveEc2({ host: ec2Address, port: 80 });
  closers.push(ec2.close);
  for (const own of aws.model.state().interfaces) if (isPrimary(own)) await fabric.boot(own.networkInterfaceId);
  return { aws, fabric, ec2Url: ec2.url, region: aws.model.state().region, settled: () => following };
}
