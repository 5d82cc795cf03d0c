import { expect, it } from "vitest";
import { renderSummary } from "./summary.ts";

it("sums up where the time went, what EC2 was asked, and what it cost", () => {
  const summary = renderSummary({
    adds: [
      { pod: "pod-1", clientMs: 12.34, daemonMs: 7, kernelMs: 5 },
      { pod: "pod-2", clientMs: 8, daemonMs: undefined, kernelMs: undefined },
    ],
    ec2Calls: { DescribeVpcs: 1, AssignPrivateIpAddresses: 2 },
    addressesHeld: 5,
    drops: {},
  });
  expect(summary.split("\n").slice(1)).toEqual([
    "pod    client  daemon  kernel",
    "-----  ------  ------  ------",
    "pod-1  12.3    7.0     5.0",
    "pod-2  8.0     ?       ?",
    "",
    "Calls of EC2: AssignPrivateIpAddresses 2, DescribeVpcs 1",
    "Packets the VPC dropped: none",
    "Addresses held of EC2: 5, 2.5 per pod",
  ]);
});
