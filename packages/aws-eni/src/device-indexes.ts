import type { Clock } from "@podwire/core";

/** For so long an attached interface may be missing from what EC2 shows. */
const lagMs = 30_000;

/**
 * Device indexes at which this process attaches interfaces. Those of one instance are created side by side, and all
 * would take the lowest index that EC2 shows as free; each conflict costs a call.
 */
export interface DeviceIndexes {
  /** The lowest one from 1 on that is neither shown nor another interface's; the one before is free again. */
  take(interfaceId: string, place: { readonly instanceId: string; readonly shown: ReadonlySet<number> }): number;
  /** It is attached: EC2 shows that after a while. */
  attached(interfaceId: string): void;
  /** It is not attached, nor will it be. */
  free(interfaceId: string): void;
}

interface Taken {
  readonly instanceId: string;
  readonly deviceIndex: number;
  readonly untilMs: number;
}

export function createDeviceIndexes(clock: Clock): DeviceIndexes {
  const taken = new Map<string, Taken>();
  const isTaken = (instanceId: string, index: number) =>
    [...taken.values()].some(
      (one) => one.instanceId === instanceId && one.deviceIndex === index && one.untilMs > clock.bootMs(),
    );
  return {
    take(interfaceId, { instanceId, shown }) {
      taken.delete(interfaceId);
      let deviceIndex = 1;
      while (shown.has(deviceIndex) || isTaken(instanceId, deviceIndex)) deviceIndex += 1;
      taken.set(interfaceId, { instanceId, deviceIndex, untilMs: Number.POSITIVE_INFINITY });
      return deviceIndex;
    },
    attached(interfaceId) {
      const one = taken.get(interfaceId);
      if (one !== undefined) taken.set(interfaceId, { ...one, untilMs: clock.bootMs() + lagMs });
    },
    free: (interfaceId) => void taken.delete(interfaceId),
  };
}
