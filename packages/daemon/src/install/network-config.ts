const cniVersion = "1.1.0";
const type = "podwire";

/** The file a container runtime finds the network in. */
export function conflistText(network: string): string {
  return `${JSON.stringify({ cniVersion, name: network, plugins: [{ type }] }, undefined, 2)}\n`;
}

/** What the runtime would hand to the plugin on standard input for a verb that is about no container. */
export function statusInput(network: string): string {
  return JSON.stringify({ cniVersion, name: network, type });
}
