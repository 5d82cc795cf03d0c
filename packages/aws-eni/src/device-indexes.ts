import type { Clock } from "@podwire/core";

/** For so long an attached interface may be missing from what EC2 shows. */
const lagMs = 30_000;

/** A device index of an instance that this process has taken. */
export interface TakenIndex {
  readonly deviceIndex: number;
  /** Nothing was attached there. */
  free(): void;
  /** Something was: from now on EC2 shows it, after a while. */
  keep(): void;
}

/**
 * Device indexes that interfaces are about to be attached at. Interfaces of one instance are created side by side, and
 * all would take the lowest index that EC2 shows as free; each conflict costs a call.
 */
export interface DeviceIndexes {
  /** The lowest one from 1 on that is neither among `shown` nor taken already. */
  take(instanceId: string, shown: ReadonlySet<number>): TakenIndex;
}

export function createDeviceIndexes(clock: Clock): DeviceIndexes {
  const takenUntilMs = new Map<string, number>();
  const isTaken = (name: string) => (takenUntilMs.get(name) ?? Number.NEGATIVE_INFINITY) > clock.bootMs();
  return {
    take(instanceId, shown) {
      const nameOf = (index: number) => `${instanceId} ${index}`;
      let deviceIndex = 1;
      while (shown.has(deviceIndex) || isTaken(nameOf(deviceIndex))) deviceIndex += 1;
      const name = nameOf(deviceIndex);
      takenUntilMs.set(name, Number.POSITIVE_INFINITY);
      return {
        deviceIndex,
        free: () => void takenUntilMs.delete(name),
        keep: () => void takenUntilMs.set(name, clock.bootMs() + lagMs),
      };
    },
  };
}
