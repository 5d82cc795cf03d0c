import { createNetns, deleteNetns } from "@podwire/linux";
import type { Container } from "./plugin.ts";

/** So many containers, each with a network namespace; `work` over, the namespaces go. */
export async function withContainers<T>(
  { name, count }: { readonly name: string; readonly count: number },
  work: (containers: readonly Container[]) => Promise<T>,
): Promise<T> {
  const ids = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const containers = ids.map((id) => ({ id, netnsPath: `/run/netns/${id}` }));
  try {
    for (const { netnsPath } of containers) createNetns(netnsPath);
    return await work(containers);
  } finally {
    for (const { netnsPath } of containers) deleteNetns(netnsPath);
  }
}
