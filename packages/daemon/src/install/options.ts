import { parseArgs } from "node:util";

export interface InstallOptions {
  /** Where container runtimes look for plugins. */
  readonly binDirectory: string;
  /** The file the runtime reads the network configuration from. */
  readonly conflist: string;
  /** Name of the network in it. */
  readonly network: string;
  /** The executable to copy; without it the client of this package is built. */
  readonly client?: string;
  /** How long podwired has until an ADD can be served. */
  readonly waitMs: number;
}

export const usage = `usage: podwired install [options]

Copies the CNI client for container runtimes, waits until podwired can serve an ADD, and only then writes the network
configuration that tells the runtime so. Running it again changes nothing that is in order.

  --bin-dir DIR     where the client goes (default /opt/cni/bin)
  --conflist FILE   the network configuration (default /etc/cni/net.d/10-podwire.conflist)
  --network NAME    name of the network in it (default podwire)
  --client FILE     a client built elsewhere; without it one is built here, or runs on Node where nothing compiles C
  --wait SECONDS    how long to wait for podwired (default 120)
  --help            this text

PODWIRE_RUN_DIR names podwired's run directory where it is not the usual one. Exit codes: 0 installed, 2 not.
`;

/** @returns the options, or why they are none */
export function parseInstallOptions(argv: readonly string[]): InstallOptions | "help" | { readonly problem: string } {
  try {
    const { values } = parseArgs({ args: [...argv], options: optionTypes });
    if (values.help) return "help";
    const { "bin-dir": binDirectory, conflist, network, client, wait } = values;
    const problem = problems.find(({ isWrong }) => isWrong({ binDirectory, conflist, network, wait }));
    if (problem !== undefined) return { problem: problem.text };
    const waitMs = Number(wait) * 1000;
    return { binDirectory, conflist, network, waitMs, ...(client === undefined ? {} : { client }) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

const optionTypes = {
  "bin-dir": { type: "string", default: "/opt/cni/bin" },
  conflist: { type: "string", default: "/etc/cni/net.d/10-podwire.conflist" },
  network: { type: "string", default: "podwire" },
  client: { type: "string" },
  wait: { type: "string", default: "120" },
  help: { type: "boolean", default: false },
} as const;

type Checked = Readonly<Record<"binDirectory" | "conflist" | "network" | "wait", string>>;

const problems: readonly { readonly isWrong: (values: Checked) => boolean; readonly text: string }[] = [
  { isWrong: ({ binDirectory }) => !binDirectory.startsWith("/"), text: "--bin-dir takes an absolute path" },
  // Runtimes read files by their suffix, and a list of plugins only from this one.
  {
    isWrong: ({ conflist }) => !/^\/.*[^/]\.conflist$/.test(conflist),
    text: "--conflist takes an absolute path that ends in .conflist",
  },
  {
    isWrong: ({ network }) => !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(network),
    text: "--network takes letters, digits, _ . or -, the first a letter or digit, at most 63",
  },
  { isWrong: ({ wait }) => !/^\d{1,4}$/.test(wait), text: "--wait takes whole seconds, at most 9999" },
];
