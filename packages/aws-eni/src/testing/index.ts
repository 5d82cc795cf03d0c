export type { AdmissionOptions, TokenBucket } from "./admission.ts";
export { CallLog, type LoggedCall } from "./call-log.ts";
export type { CloudChange, CloudListener } from "./cloud-change.ts";
export { type CloudMachine, cloudFactsOf, fabricStateOf } from "./cloud-network.ts";
export { FakeAws, type FakeAwsOptions, type Latencies } from "./fake-aws.ts";
export {
  type FakeVpcNetwork,
  type FakeVpcNetworkOptions,
  metadataAddress,
  startFakeVpcNetwork,
} from "./fake-vpc-network.ts";
export { Ec2Model } from "./model.ts";
export { parseScenario, type Scenario, type ScenarioInput } from "./scenario.ts";
export type { FakeServer, ListenAddress } from "./server.ts";
export type { CloudState, FakeAttachment, FakeInstance, FakeInterface, FakeSubnet, FakeVpc } from "./world.ts";
