import type { FolderTable } from "./rules.ts";

/** The folders of core, lowest first: what a folder may import beside itself, and why nothing else. */
export const coreFolders: FolderTable = {
  errors: { mayImport: [], why: "everything fails, so errors stand on nothing" },
  runtime: { mayImport: ["errors"], why: "the ports of the platform know no networking" },
  address: { mayImport: ["errors"], why: "addresses are values" },
  rpc: { mayImport: ["errors", "runtime"], why: "client and daemon agree on bytes, not on meaning" },
  cni: {
    mayImport: ["errors", "runtime", "address", "rpc", "store/records.ts"],
    why: "the specification's words know neither pool nor cloud nor kernel; of records only who a pod is",
  },
  config: { mayImport: ["errors", "address"], why: "configuration is plain data; what it means is decided above" },
  provider: {
    mayImport: ["errors", "runtime", "address", "host/finding.ts"],
    why: "the port of a cloud knows no pool and no attachment; of host only what a finding is",
  },
  host: {
    mayImport: ["errors", "runtime", "address", "cni/attachment-key.ts", "provider/cloud-facts.ts"],
    why: "the port of the kernel knows attachments by their key, and of the cloud only roles and gateways",
  },
  store: {
    mayImport: ["errors", "address", "cni", "provider", "host", "pool/states.ts"],
    why: "records are data that anyone may read; of pool only the names of states",
  },
  pool: {
    mayImport: ["errors", "address", "cni", "provider", "store"],
    why: "allocating and planning are arithmetic on state: no kernel, no clock, no configuration file",
  },
  attachment: {
    mayImport: ["errors", "runtime", "address", "cni", "host", "store", "pool"],
    why: "the verbs talk to pool, store and kernel; an ADD that the pool can serve makes no cloud call",
  },
  reconcile: {
    mayImport: ["errors", "runtime", "address", "cni", "config", "provider", "host", "store", "pool", "attachment"],
    why: "the loops bring everything together; only the bytes on the socket are not theirs",
  },
};
