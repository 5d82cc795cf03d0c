export { CallLog, type LoggedCall } from "./call-log.ts";
export { type CloudMachine, cloudFactsOf, fabricStateOf } from "./cloud-network.ts";
export { FakeAws, type FakeAwsOptions } from "./fake-aws.ts";
export {
  type FakeVpcNetwork,
  type FakeVpcNetworkOptions,
  metadataAddress,
  startFakeVpcNetwork,
} from "./fake-vpc-network.ts";
export { type CloudChange, type CloudListener, Ec2Model } from "./model.ts";
export { parseScenario, type Scenario, type ScenarioInput } from "./scenario.ts";
export type { FakeServer, ListenAddress } from "./server.ts";
export type { CloudState, FakeInstance, FakeInterface, FakeSubnet, FakeVpc } from "./world.ts";
