import { type Measuring, measure } from "../runtime/measure.ts";
import type { CloudProvider } from "./cloud-provider.ts";

/** The same provider, with the time and outcome of every call in `podwire_cloud_call_seconds`. */
export function measuredProvider(provider: CloudProvider, tools: Measuring): CloudProvider {
  const timed = <T>(action: string, call: () => Promise<T>) =>
    measure(tools, { name: "podwire_cloud_call_seconds", labels: { action } }, call);
  return {
    capabilities: provider.capabilities,
    limits: (node, options) => timed("limits", () => provider.limits(node, options)),
    network: (node, options) => timed("network", () => provider.network(node, options)),
    describe: (node, options) => timed("describe", () => provider.describe(node, options)),
    changeBlocks: (change, options) => timed("change-blocks", () => provider.changeBlocks(change, options)),
    createInterface: (request, options) => timed("create-interface", () => provider.createInterface(request, options)),
    deleteInterface: (ref, options) => timed("delete-interface", () => provider.deleteInterface(ref, options)),
    orphans: (scope, options) => timed("orphans", () => provider.orphans(scope, options)),
  };
}
