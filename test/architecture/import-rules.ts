import type { ImportRule } from "./rules.ts";
import { unknownTarget } from "./source-file.ts";

const tests = "**/*.test.ts";
const adapters = "packages/{aws-eni,gce-routes,azure}";
const adapterNames = ["@podwire/{aws-eni,gce-routes,azure}", "@podwire/{aws-eni,gce-routes,azure}/**"];
const anyPodwire = ["@podwire/*", "@podwire/**"];
const vendorSdks = ["@aws-sdk/**", "@smithy/**", "@google-cloud/**", "@azure/**", "google-auth-library"];
const network = ["node:{http,https,http2,net,tls,dgram}", "undici", "ws"];

/** Who may know whom. Each row is the reason for an edge that is missing from the graph of packages. */
export const importRules: readonly ImportRule[] = [
  {
    from: ["packages/core/src/**"],
    exceptFrom: [tests],
    mustNotImport: ["**"],
    except: ["packages/core/src/**", "zod", "ipaddr.js", "p-queue"],
    why: "core is pure: clock, randomness and effects come in through ports",
  },
  {
    from: ["packages/linux/src/**"],
    exceptFrom: [tests],
    mustNotImport: anyPodwire,
    except: ["@podwire/core"],
    why: "the kernel's side knows the port it implements and nothing above it",
  },
  {
    from: [`${adapters}/src/**`],
    exceptFrom: [tests, "**/testing/**"],
    mustNotImport: anyPodwire,
    except: ["@podwire/core"],
    why: "an adapter knows the port it implements: not the daemon, not the kernel, not another adapter",
  },
  {
    from: [`${adapters}/src/testing/**`],
    exceptFrom: [tests],
    mustNotImport: [...anyPodwire, ...vendorSdks],
    except: ["@podwire/core", "@podwire/testkit"],
    why: "a fake speaks the vendor's wire protocol by itself, or it would share the SDK's mistakes",
  },
  {
    from: [`${adapters}/src/**`],
    exceptFrom: [tests, "**/testing/**", "**/client.ts", "**/metadata.ts"],
    mustNotImport: [...vendorSdks, ...network],
    why: "only client.ts and metadata.ts of an adapter touch an SDK or the network",
  },
  {
    from: ["packages/cni-bin/src/**"],
    exceptFrom: [tests],
    mustNotImport: ["**"],
    except: ["packages/cni-bin/src/**", "node:*", "node:*/*", "@podwire/core/cni", "@podwire/core/rpc"],
    why: "the client is started for every pod: it forwards bytes, and loads no library and no SDK",
  },
  {
    from: ["packages/{core,linux,cni-bin,testkit}/src/**"],
    mustNotImport: adapterNames,
    why: "only daemon, fake-cloud and demo know more than one cloud",
  },
  {
    from: ["packages/fake-cloud/src/**"],
    exceptFrom: [tests],
    mustNotImport: anyPodwire,
    except: ["@podwire/core", "@podwire/testkit", "@podwire/{aws-eni,gce-routes,azure}/testing"],
    why: "it serves the fakes and needs no adapter, no daemon and no kernel",
  },
  {
    from: ["packages/daemon/src/**"],
    exceptFrom: [tests, "**/wiring.ts"],
    mustNotImport: adapterNames,
    why: "wiring.ts is the one place that names adapters",
  },
  {
    from: ["packages/daemon/src/wiring.ts"],
    mustNotImport: adapterNames,
    kinds: ["static"],
    why: "an adapter is loaded when it is chosen: each SDK costs a third of a second",
  },
  {
    from: ["packages/daemon/src/**"],
    exceptFrom: [tests],
    mustNotImport: ["@podwire/{testkit,demo,fake-cloud}", "@podwire/*/testing"],
    why: "what runs on a node has no fakes on board",
  },
  {
    from: ["packages/testkit/src/**"],
    exceptFrom: [tests],
    mustNotImport: anyPodwire,
    except: ["@podwire/core", "@podwire/linux"],
    why: "the equipment is neutral: every adapter's fake builds on it",
  },
  {
    from: ["packages/**", "scripts/**", "*.ts"],
    mustNotImport: ["test/**", "@podwire/test", "@podwire/test/**"],
    why: "test/ is a leaf: what two tests need is in testkit",
  },
  {
    from: ["packages/**"],
    mustNotImport: ["scripts/**", "*.ts"],
    why: "packages are published without the repository around them",
  },
  {
    from: ["packages/*/src/**"],
    exceptFrom: [tests],
    mustNotImport: ["vitest", "vitest/**", "fast-check"],
    why: "a contract suite takes its runner as an argument, so that outsiders run it with theirs",
  },
  {
    from: ["packages/**"],
    exceptFrom: ["packages/linux/src/libc.ts"],
    mustNotImport: ["koffi"],
    why: "foreign functions are declared in one file",
  },
  {
    from: ["packages/**"],
    exceptFrom: ["packages/daemon/src/store/**"],
    mustNotImport: ["node:sqlite"],
    why: "the store is a port; SQLite is one of its two adapters",
  },
  {
    from: ["packages/**", "scripts/**", "test/**"],
    exceptFrom: [tests],
    mustNotImport: [unknownTarget],
    why: "an import that is computed hides an edge",
  },
];
