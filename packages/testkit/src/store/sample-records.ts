import {
  type AddressRecord,
  type AttachmentKey,
  type AttachmentRecord,
  type BlockRecord,
  hostCidr,
  type InterfaceRecord,
  type OperationRecord,
  parseAddress,
  parseCidr,
  parseMac,
  type TombstoneRecord,
} from "@podwire/core";

/** Records that hold together: one interface, two blocks, one pod with an address of the first. */

export const sampleKey: AttachmentKey = { network: "podnet", containerId: "c'1\";--", ifName: "eth0" };

const prefix = parseCidr("10.0.8.16/28");
const single = hostCidr(parseAddress("10.0.9.7"));
const mac = parseMac("02:00:00:00:00:01");

export const sampleInterface: InterfaceRecord = {
  id: "eni-1",
  pool: "default",
  mac,
  ordinal: 1,
  role: "primary",
  owner: "ours",
  subnetId: "subnet-1",
  primaryAddresses: [parseAddress("10.0.0.10"), parseAddress("fd00::10")],
  gateways: { 4: parseAddress("10.0.0.1"), 6: parseAddress("fe80::1") },
};

export const sampleBlock: BlockRecord = { cidr: prefix, interfaceId: "eni-1", state: "ready", sinceMs: 1200 };

export const otherBlock: BlockRecord = { cidr: single, interfaceId: "eni-1", state: "assigning", sinceMs: 1300.5 };

export const sampleAddress: AddressRecord = {
  address: parseAddress("10.0.8.17"),
  block: prefix,
  state: "allocated",
  attachment: sampleKey,
  freedMs: 900,
};

export const coolingAddress: AddressRecord = {
  address: parseAddress("10.0.8.18"),
  block: prefix,
  state: "cooling",
  freedMs: 1500,
};

export const sampleAttachment: AttachmentRecord = {
  key: sampleKey,
  state: "ready",
  createdMs: 1400,
  pod: { namespace: "default", name: "web-0", uid: "0f7e" },
  spec: {
    key: sampleKey,
    netns: { path: "/run/netns/a b", cookie: "4026531840123456789" },
    datapath: "veth",
    addresses: [{ address: sampleAddress.address, block: prefix, interfaceMac: mac }],
    mtuBytes: 9001,
    mac: parseMac("0a:00:00:00:00:17"),
  },
  facts: {
    hostIfName: "pw1234567890a",
    hostMac: parseMac("0a:00:00:00:00:18"),
    podMac: parseMac("0a:00:00:00:00:17"),
    routes: [
      { destination: parseCidr("169.254.1.1/32") },
      { destination: parseCidr("0.0.0.0/0"), gateway: parseAddress("169.254.1.1") },
    ],
    mtuBytes: 9001,
  },
  result: {
    interfaces: [{ name: "eth0", mac: "0a:00:00:00:00:17", sandbox: "/run/netns/a b" }],
    ips: [{ address: "10.0.8.17/32", interface: 0 }],
    dns: { search: ["ü.example"] },
  },
};

/** The same attachment before it had anything in the kernel. */
export const allocatingAttachment: AttachmentRecord = {
  key: sampleKey,
  state: "allocating",
  createdMs: 1400,
  pod: {},
  spec: sampleAttachment.spec,
};

export const sampleOperation: OperationRecord = {
  token: "00112233445566778899aabbccddeeff",
  kind: "assign",
  pool: "default",
  interfaceId: "eni-1",
  request: { add: { family: 4, prefixLength: 32, count: 3 }, remove: [single], subnetId: "subnet-1" },
  state: "unknown",
  startedMs: 1600,
  endedMs: 1700,
};

/** Only what every operation has. */
export const bareOperation: OperationRecord = {
  token: sampleOperation.token,
  kind: "create-interface",
  pool: "default",
  request: {},
  state: "sent",
  startedMs: 1800,
};

export const sampleTombstone: TombstoneRecord = { interfaceId: "eni-gone", cidr: single, releasedMs: 1100 };
