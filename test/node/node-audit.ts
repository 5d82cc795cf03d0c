import { cloudFactsOf } from "@podwire/aws-eni/testing";
import type { PodwiredProcess } from "@podwire/daemon/testing";
import { createLinuxHost, defaultKernelNumbers, openNetlink } from "@podwire/linux";
import { audit, readKernelFacts } from "@podwire/testkit";
import { expect, vi } from "vitest";
import type { NodeLab } from "./node-lab.ts";

const settleTimeoutMs = 20_000;

/** Waits until kernel, store and EC2 agree, and nothing is under way or left over. */
export async function expectAgreement(
  { vpc, nodeNetnsPath }: Pick<NodeLab, "vpc" | "nodeNetnsPath">,
  podwired: PodwiredProcess,
): Promise<void> {
  const host = createLinuxHost({ hostNetnsPath: nodeNetnsPath });
  const netlink = openNetlink({ netnsPath: nodeNetnsPath });
  const { protocol, podTable } = defaultKernelNumbers;
  const agree = async () =>
    expect(
      audit({
        report: await podwired.report(),
        kernel: await readKernelFacts({ host, netlink, protocol, podTable }),
        cloud: cloudFactsOf(vpc.aws.model.state(), "i-lab"),
      }),
    ).toEqual([]);
  try {
    await vi.waitFor(agree, { timeout: settleTimeoutMs, interval: 100 });
  } finally {
    netlink.close();
    host.close();
  }
}
