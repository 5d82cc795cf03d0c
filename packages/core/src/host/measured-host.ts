import { type Measuring, measure } from "../runtime/measure.ts";
import type { HostNetwork } from "./host-network.ts";

/** The same host, with the time and outcome of what changes the kernel in `podwire_host_operation_seconds`. */
export function measuredHost(host: HostNetwork, tools: Measuring): HostNetwork {
  const timed = <T>(operation: string, call: () => Promise<T>) =>
    measure(tools, { name: "podwire_host_operation_seconds", labels: { operation } }, call);
  return {
    capabilities: host.capabilities,
    preflight: () => host.preflight(),
    openNetns: (path) => host.openNetns(path),
    attach: (spec, signal) => timed("attach", () => host.attach(spec, signal)),
    detach: (key, addresses) => timed("detach", () => host.detach(key, addresses)),
    inspect: (spec, facts) => host.inspect(spec, facts),
    attachments: () => host.attachments(),
    addressesInUse: (within) => host.addressesInUse(within),
    converge: (desired, signal) => timed("converge", () => host.converge(desired, signal)),
    interfaces: () => host.interfaces(),
    events: (signal) => host.events(signal),
  };
}
