import {
  type AttachmentReport,
  type BlockState,
  type NodeReport,
  type OperationRecord,
  parseAddress,
  parseCidr,
  parseMac,
} from "@podwire/core";
import { describe, expect, it } from "vitest";
import { audit } from "./audit.ts";
import type { Contradiction } from "./contradiction.ts";
import type { CloudFacts, KernelFacts, NodeFacts } from "./facts.ts";

const pod = parseAddress("10.0.0.21");
const stray = parseAddress("10.0.0.66");
const block = parseCidr("10.0.0.21/32");
const otherBlock = parseCidr("10.0.0.22/32");
const mac = parseMac("02:00:00:00:00:01");
const key = { network: "vpc", containerId: "c1", ifName: "eth0" };

const attachment: AttachmentReport = { ...key, state: "ready", pod: {}, addresses: [pod], netns: "/run/netns/c1" };
const operation: OperationRecord = {
  token: "t1",
  kind: "assign",
  pool: "default",
  interfaceId: "eni-0",
  request: {},
  state: "sent",
  startedMs: 1,
};
const report: NodeReport = {
  ready: true,
  problems: [],
  node: undefined,
  pools: [],
  interfaces: [
    {
      id: "eni-0",
      pool: "default",
      mac,
      ordinal: 1,
      role: "primary",
      owner: "ours",
      subnetId: "subnet-0",
      primaryAddresses: [],
      gateways: {},
    },
  ],
  blocks: [blockOf("ready")],
  attachments: [attachment],
  operations: [],
  describedMs: 1,
};
const cloud: CloudFacts = { interfaces: [{ id: "eni-0", mac, blocks: [block] }] };
const kernel: KernelFacts = {
  interfaces: [{ name: "eth0", index: 2, mac, up: true, mtuBytes: 1500, addresses: [] }],
  attachments: [{ key, hostIfName: "pw1", addresses: [pod] }],
  podRoutes: [pod],
  podNeighbours: [pod],
  blockRoutes: [block],
};

interface Change {
  readonly report?: Partial<NodeReport>;
  readonly cloud?: Partial<CloudFacts>;
  readonly kernel?: Partial<KernelFacts>;
}

describe("an audit", () => {
  it("finds nothing where all three agree", () => {
    expect(audit(factsWith({}))).toEqual([]);
  });

  it.each<BlockState>(["assigning", "releasing"])("lets a block that is %s be on either side", (state) => {
    const underWay = { blocks: [blockOf("ready"), { ...blockOf(state), cidr: otherBlock }] };
    expect(audit(factsWith({ report: underWay }))).toEqual([]);
    expect(audit(factsWith({ report: underWay, cloud: cloudWith([block, otherBlock]) }))).toEqual([]);
  });

  it.each<[Contradiction["kind"], string, Change]>([
    ["block-not-in-cloud", "10.0.0.21/32 on eni-0", { cloud: cloudWith([]) }],
    ["block-not-in-store", "10.0.0.22/32 on eni-0", { cloud: cloudWith([block, otherBlock]) }],
    ["interface-not-in-cloud", "eni-0", { report: { blocks: [], attachments: [] }, cloud: { interfaces: [] } }],
    ["interface-not-in-store", "eni-0", { report: { interfaces: [] } }],
    ["interface-not-in-kernel", "eni-0", { kernel: { interfaces: [] } }],
    ["address-without-block", pod, { report: { blocks: [] }, cloud: cloudWith([]) }],
    ["address-shared", pod, { report: { attachments: [attachment, { ...attachment, containerId: "c2" }] } }],
    ["attachment-unfinished", "vpc/c1/eth0", { report: { attachments: [{ ...attachment, state: "deleting" }] } }],
    ["attachment-not-in-kernel", "vpc/c1/eth0", { kernel: { attachments: [] } }],
    ["attachment-not-in-store", "vpc/c1/eth0", { report: { attachments: [] } }],
    [
      "attachment-addresses-differ",
      "vpc/c1/eth0",
      { kernel: { attachments: [{ key, hostIfName: "pw1", addresses: [stray] }] } },
    ],
    ["kernel-leftover", stray, { kernel: { podRoutes: [pod, stray] } }],
    ["kernel-leftover", stray, { kernel: { podNeighbours: [pod, stray] } }],
    ["kernel-leftover", otherBlock, { kernel: { blockRoutes: [block, otherBlock] } }],
    ["block-not-in-kernel", block, { kernel: { blockRoutes: [] } }],
    ["operation-leftover", "t1", { report: { operations: [operation] } }],
  ])("reports %s of %s", (kind, subject, change) => {
    expect(audit(factsWith(change))).toContainEqual(expect.objectContaining({ kind, subject }));
  });

  it("demands that a lost block is gone from the cloud", () => {
    const lost = { report: { blocks: [blockOf("lost")], attachments: [] }, kernel: emptyKernel() };
    expect(kindsOf(factsWith(lost))).toEqual(["block-not-in-store"]);
    expect(kindsOf(factsWith({ ...lost, cloud: cloudWith([]) }))).toEqual([]);
  });
});

function factsWith(change: Change): NodeFacts {
  return {
    report: { ...report, ...change.report },
    cloud: { ...cloud, ...change.cloud },
    kernel: { ...kernel, ...change.kernel },
  };
}

function emptyKernel(): Partial<KernelFacts> {
  return { attachments: [], podRoutes: [], podNeighbours: [] };
}

function kindsOf(facts: NodeFacts): readonly string[] {
  return audit(facts).map(({ kind }) => kind);
}

function cloudWith(blocks: CloudFacts["interfaces"][number]["blocks"]): CloudFacts {
  return { interfaces: [{ id: "eni-0", mac, blocks }] };
}

function blockOf(state: BlockState): NodeReport["blocks"][number] {
  return { cidr: block, interfaceId: "eni-0", state };
}
