import {
  type Clock,
  type CloudProvider,
  type Config,
  createNodeAgent,
  type HostNetwork,
  type Logger,
  type NodeIdentity,
} from "@podwire/core";
import { createLinuxHost } from "@podwire/linux";
import type { DaemonPorts, WiredNode } from "./daemon.ts";

/** The part of an adapter package that the daemon uses; each exports it under this name. */
interface AdapterModule {
  createAdapter(options: { readonly cluster: string; readonly clock: Clock; readonly callTimeoutMs: number }): {
    readonly provider: CloudProvider;
    readonly identity: NodeIdentity;
    close(): void;
  };
}

/** By the name in the configuration. Imported when chosen: an SDK costs a third of a second and some 50 MB. */
const adapters: Readonly<Record<Config["cloud"], () => Promise<AdapterModule>>> = {
  aws: () => import("@podwire/aws-eni"),
};

/**
 * The real node: the configured cloud, this kernel. The one place that knows which adapters there are.
 * @throws HOST_UNFIT, KERNEL_REFUSED, STORE_FAILED
 */
export async function wireNode(config: Config, ports: DaemonPorts): Promise<WiredNode> {
  const { createAdapter } = await adapters[config.cloud]();
  const { cluster } = config;
  const host = createLinuxHost();
  const adapter = createAdapter({ cluster, clock: ports.clock, callTimeoutMs: config.reconcile.callTimeoutMs });
  const { provider, identity } = adapter;
  await logFindings(host, ports.log);
  return {
    agent: createNodeAgent(config, { ...ports, host, provider, identity }),
    close: () => {
      adapter.close();
      host.close();
    },
  };
}

/** A node that lacks something still serves what it can: DEL above all. */
async function logFindings(host: HostNetwork, log: Logger): Promise<void> {
  for (const { severity, id, message, remedy } of await host.preflight()) {
    const fields = { severity, id, message, remedy };
    if (severity === "fatal") log.error("node unfit", fields);
    else log.warn("node needs attention", fields);
  }
}
