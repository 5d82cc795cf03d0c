import { FakeAws, type FakeServer, type ScenarioInput } from "@podwire/aws-eni/testing";
import { monotonicClock, SeededRandom } from "@podwire/testkit";
import type { FakeCloudOptions } from "./options.ts";
import { readScenario } from "./scenario-file.ts";

export interface ServedCloud {
  /** What AWS clients read to find it. */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Serves what the options say.
 * @throws INVALID_DAEMON_CONFIG for the scenario, CLOUD_NOT_FOUND for the instance, CLOUD_REJECTED when an address
 * cannot be listened on; then nothing is served
 */
export async function serveAws(options: FakeCloudOptions): Promise<ServedCloud> {
  const { listen, metadataListen, seed } = options;
  // The fake checks it, and names every wrong place.
  const scenario = readScenario(options.scenario) as ScenarioInput;
  const fake = new FakeAws({ scenario, clock: monotonicClock(), random: new SeededRandom(seed) });
  const metadataOf = askingInstance(fake, options.instance);
  const servers: FakeServer[] = [];
  const close = async () => void (await Promise.all(servers.map((server) => server.close())));
  try {
    servers.push(await fake.serveEc2(listen));
    if (metadataListen !== undefined) servers.push(await fake.serveMetadata({ ...metadataListen, ...metadataOf }));
  } catch (error) {
    await close();
    throw error;
  }
  const [ec2, metadata] = servers;
  return {
    variables: {
      ...(ec2 === undefined ? {} : { AWS_ENDPOINT_URL_EC2: ec2.url }),
      ...(metadata === undefined ? {} : { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url }),
      AWS_REGION: fake.model.state().region,
    },
    close,
  };
}

function askingInstance(fake: FakeAws, named: string | undefined): { readonly instanceId?: string } {
  if (named !== undefined) return { instanceId: fake.nodeRef(named).id };
  const [first, ...others] = fake.model.state().instances;
  return first === undefined || others.length > 0 ? {} : { instanceId: first.instanceId };
}
