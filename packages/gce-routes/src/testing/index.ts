export { CallLog, type LoggedCall } from "./call-log.ts";
export { FakeGce, type FakeGceOptions } from "./fake-gce.ts";
export { ComputeModel } from "./model.ts";
export { parseScenario, type Scenario, type ScenarioInput } from "./scenario.ts";
export type { FakeServer, ListenAddress } from "./server.ts";
export type {
  FakeInstance,
  FakeInterface,
  FakeNetwork,
  FakeOperation,
  FakeRoute,
  FakeSubnetwork,
  World,
} from "./world.ts";
