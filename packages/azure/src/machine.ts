import { type CallOptions, type NodeRef, PodwireError } from "@podwire/core";
import type { ArmApi, NetworkInterface } from "./api.ts";
import { uniformScaleSetOf } from "./resource-id.ts";

/** A machine's interfaces, the primary one first. */
export interface MachineInterfaces {
  readonly primary: NetworkInterface;
  readonly secondary: readonly NetworkInterface[];
}

/**
 * Machines, and instances of Flexible scale sets, which are machines. What hangs on an instance of a Uniform set is
 * read-only in the network API: it is changed through the set's model, with calls that Azure throttles for the set.
 * @throws NOT_SUPPORTED
 */
export function mustBeMachine({ id }: Pick<NodeRef, "id">): void {
  const scaleSet = uniformScaleSetOf(id);
  if (scaleSet === undefined) return;
  throw new PodwireError(
    "NOT_SUPPORTED",
    `scale set ${scaleSet} is Uniform: its interfaces cannot be changed one by one`,
    {
      value: id,
      details: "make the node pool of a scale set with orchestration mode Flexible, or of single machines",
    },
  );
}

/** @throws NOT_SUPPORTED for an instance of a Uniform scale set */
export async function interfacesOf(api: ArmApi, node: NodeRef, options: CallOptions): Promise<MachineInterfaces> {
  mustBeMachine(node);
  const machine = await api.getVirtualMachine(node.id, options);
  const references = machine.properties.networkProfile.networkInterfaces;
  // A machine's only interface is not always marked.
  const primary = references.find(({ properties }) => properties?.primary === true) ?? references[0];
  if (primary === undefined) {
    throw new PodwireError("CLOUD_NOT_FOUND", `${node.id} has no network interface`, { op: `describe ${node.id}` });
  }
  const ordered = [primary, ...references.filter((reference) => reference !== primary)];
  const [first, ...others] = await Promise.all(ordered.map(({ id }) => api.getNetworkInterface(id, options)));
  return { primary: first as NetworkInterface, secondary: others };
}
