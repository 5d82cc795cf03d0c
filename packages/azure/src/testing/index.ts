export type { AdmissionOptions, TokenBucket } from "./admission.ts";
export { CallLog, type LoggedCall } from "./call-log.ts";
export { FakeAzure, type FakeAzureBehaviour, type FakeAzureOptions } from "./fake-azure.ts";
export { ArmModel } from "./model.ts";
export type { FakeArmServer } from "./rest-server.ts";
export type { FakeAction } from "./route-of-request.ts";
export { parseScenario, type Scenario, type ScenarioInput } from "./scenario.ts";
export type { FakeServer, ListenAddress } from "./server.ts";
