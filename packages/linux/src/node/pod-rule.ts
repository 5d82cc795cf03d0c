import type { Family } from "@podwire/core";
import type { KernelNumbers } from "../kernel-numbers.ts";
import type { Rule } from "../netlink/rule.ts";

/** The one rule by which every packet to a pod, or to a free address of a block, finds podwire's table. */
export function podRule(numbers: KernelNumbers, family: Family): Rule {
  return { family, priority: numbers.podRulePriority, table: numbers.podTable, protocol: numbers.protocol };
}
