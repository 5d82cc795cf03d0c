import { writeFileSync } from "node:fs";
import { openNetns, runInNetns } from "@podwire/linux";

/** Sets switches below /proc/sys/net, which shows every thread those of its own namespace. */
export function setSysctls(netnsPath: string, values: Readonly<Record<string, number>>): void {
  const netns = openNetns(netnsPath);
  try {
    runInNetns(netns, () => {
      for (const [name, value] of Object.entries(values)) writeFileSync(`/proc/sys/net/${name}`, `${value}`);
    });
  } finally {
    netns.close();
  }
}
