import { expect, it } from "vitest";
import { renderSummary } from "./summary.ts";

it("sums up where the time went, what EC2 was asked, and what it cost", () => {
  const summary = renderSummary({
    adds: [
      { node: "node-1", pod: "pod-1-1", clientMs: 12.34, daemonMs: 7, kernelMs: 5, waitMs: 0.5 },
      { node: "node-1", pod: "pod-1-2", clientMs: 8, daemonMs: 6, kernelMs: 4, waitMs: 0.25 },
      { node: "node-2", pod: "pod-2-1", clientMs: 20, daemonMs: undefined, kernelMs: undefined, waitMs: undefined },
    ],
    held: [
      { node: "node-1", addresses: 4, interfaces: 2, idleInterfaces: 0, furtherSubnets: [] },
      { node: "node-2", addresses: 3, interfaces: 1, idleInterfaces: 0, furtherSubnets: [] },
    ],
    heldAtEnd: [{ node: "node-1", addresses: 2, interfaces: 1, idleInterfaces: 0, furtherSubnets: [] }],
    ec2Calls: {
      "node-1": { DescribeVpcs: 1, AssignPrivateIpAddresses: 2 },
      "node-2": { DescribeVpcs: 1 },
    },
    drops: { undeliverable: 4 },
  });
  expect(summary.split("\n").slice(1)).toEqual([
    "node    pods  client       daemon     kernel     wait for an address",
    "------  ----  -----------  ---------  ---------  -------------------",
    "node-1  2     8.0 / 12.3   6.0 / 7.0  4.0 / 5.0  0.3 / 0.5",
    "node-2  1     20.0 / 20.0  ? / ?      ? / ?      ? / ?",
    "all     3     12.3 / 20.0  6.0 / 7.0  4.0 / 5.0  0.3 / 0.5",
    "",
    "Calls of EC2",
    "action                    node-1  node-2",
    "------------------------  ------  ------",
    "AssignPrivateIpAddresses  2       0",
    "DescribeVpcs              1       1",
    "",
    "Addresses held of EC2 with all pods there: 2.3 per pod; node-1 4 addresses on 2 interfaces, node-2 3 addresses on 1 interface",
    "                       without pods: node-1 2 addresses on 1 interface",
    "Packets the VPC dropped: undeliverable 4",
  ]);
});
