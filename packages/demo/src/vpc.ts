import { FakeAws } from "@podwire/aws-eni/testing";
import { createFabric, type Fabric, monotonicClock } from "@podwire/testkit";
import type { CleanUp } from "./clean-up.ts";
import { fabricStateOf } from "./cloud-network.ts";
import { ec2Address, machines, metadataAddress, outsideHost, scenario } from "./scenario.ts";

/** A pretend VPC: EC2 and the metadata service as servers, and a network that does what EC2 says. */
export interface Vpc {
  readonly aws: FakeAws;
  readonly fabric: Fabric;
  /** For AWS_ENDPOINT_URL_EC2. */
  readonly ec2Url: string;
  /** Resolves when the network is as EC2 says now; rejects if it could not follow. */
  settled(): Promise<void>;
}

export async function startVpc(cleanUp: CleanUp): Promise<Vpc> {
  const aws = new FakeAws({ scenario, clock: monotonicClock() });
  const fabric = await createFabric({ services: [metadataAddress, ec2Address], outside: outsideHost });
  cleanUp.add(fabric.close);
  let following = fabric.converge(fabricStateOf(aws.model.state(), machines));
  await following;
  const unsubscribe = aws.model.subscribe((_, state) => {
    following = fabric.converge(fabricStateOf(state, machines));
    // Whoever asks whether it has settled gets the error; without anybody it would end the process.
    following.catch(() => {});
  });
  cleanUp.add(() => void unsubscribe());
  const metadata = await aws.serveMetadata({ host: metadataAddress, port: 80 });
  cleanUp.add(metadata.close);
  const ec2 = await aws.serveEc2({ host: ec2Address, port: 80 });
  cleanUp.add(ec2.close);
  return { aws, fabric, ec2Url: ec2.url, settled: () => following };
}
