import { type Ec2Action, ec2Actions } from "@podwire/aws-eni";
import type { FakeAws } from "@podwire/aws-eni/testing";

/** How long EC2 takes for what grows a pool. */
const latencyMs: Readonly<Partial<Record<Ec2Action, number>>> = {
  AssignPrivateIpAddresses: 500,
  CreateNetworkInterface: 700,
  AttachNetworkInterface: 2_500,
  ModifyNetworkInterfaceAttribute: 200,
};

/** From now on, half of the time before EC2 acts and half after. */
export function slowDown({ faults }: FakeAws): void {
  for (const [action, ms] of Object.entries(latencyMs)) {
    for (const when of ["before", "after"] as const) {
      faults.add({ action, when: "always", effect: { kind: "delay", delayMs: ms / 2, when } });
    }
  }
}

export interface CallCounts {
  readonly mutating: number;
  readonly describing: number;
}

/** Of the calls since the log was cleared. */
export function countCalls({ log }: FakeAws): CallCounts {
  const mutating = log.calls.filter(({ action }) => ec2Actions[action].mutates).length;
  return { mutating, describing: log.calls.length - mutating };
}
