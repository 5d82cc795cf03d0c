import { PodwireError } from "@podwire/core";

/**
 * The numbers by which podwire's objects are told from everybody else's. They are the node's whole agreement with the
 * other software on it, so each can be changed; a change takes effect on an empty node only.
 */
export interface KernelNumbers {
  /** RTPROT_…, FRA_PROTOCOL and IFA_PROTO of everything podwire makes: what does not carry it is not podwire's. */
  readonly protocol: number;
  /** Route table of the pods: a host route a pod, `unreachable` for each block. */
  readonly podTable: number;
  /** Route table of the interface with ordinal n (1…126) is this plus n. */
  readonly interfaceTableBase: number;
  /** `lookup podTable`, for every packet. */
  readonly podRulePriority: number;
  /** `fwmark <interface> lookup <its table>`. */
  readonly markRulePriority: number;
  /** `from <primary address> lookup <its table>`, so that the node answers by the interface it was asked on. */
  readonly sourceRulePriority: number;
  /** Seven adjacent bits of packet and connection marks; an interface's mark is its ordinal in them. */
  readonly markMask: number;
  /** Link group in which veths die together. A link that somebody else puts into it dies with them. */
  readonly deletionGroup: number;
}

export const defaultKernelNumbers: KernelNumbers = {
  /** Not in iproute2's rt_protos, and below 128…255, where routing daemons register theirs. */
  protocol: 112,
  /** Above the 255 tables of old tools, away from Cilium's 2004 and 2005, AWS's 10000 and systemd-networkd's 1000. */
  podTable: 7700,
  interfaceTableBase: 7700,
  /**
   * After the kernel's `local` (0; Cilium moves it to 100) and Cilium's own rules (up to 111), before `main` (32766)
   * and ec2-net-utils (10000). kube-proxy makes none.
   */
  podRulePriority: 600,
  markRulePriority: 700,
  sourceRulePriority: 800,
  /** kube-proxy uses 0x4000 and 0x8000, Calico the upper half; Cilium 0xf00 and, in chaining mode, more. */
  markMask: 0x7f,
  deletionGroup: 0x70776400,
};

export const maxOrdinal = 126;

export function interfaceTable(numbers: KernelNumbers, ordinal: number): number {
  return numbers.interfaceTableBase + ordinal;
}

/** The interface's mark, in place in the mask. */
export function interfaceMark({ markMask }: KernelNumbers, ordinal: number): number {
  return ordinal * lowestBit(markMask);
}

/** @throws INVALID_DAEMON_CONFIG when the mask is not seven adjacent bits */
export function checkKernelNumbers(numbers: KernelNumbers): KernelNumbers {
  const { markMask } = numbers;
  if (Number.isInteger(markMask) && markMask > 0 && markMask === 0x7f * lowestBit(markMask) && markMask < 2 ** 32) {
    return numbers;
  }
  throw new PodwireError("INVALID_DAEMON_CONFIG", `mark mask 0x${markMask.toString(16)} is not seven adjacent bits`, {
    field: "markMask",
    value: `0x${markMask.toString(16)}`,
  });
}

/** Without the sign that JavaScript gives to bit 31. */
function lowestBit(mask: number): number {
  return (mask & -mask) >>> 0;
}
