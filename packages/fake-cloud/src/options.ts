import { parseArgs } from "node:util";

/** `port` 0: any that is free. */
export interface ListenPlace {
  readonly host: string;
  readonly port: number;
}

export interface FakeCloudOptions {
  readonly cloud: "aws";
  /** File with what stands in the cloud at the start. */
  readonly scenario: string;
  readonly listen: ListenPlace;
  readonly metadataListen?: ListenPlace;
  /** Whose metadata are served. */
  readonly instance?: string;
  /** Ids, MAC addresses and tokens come from it. */
  readonly seed: number;
}

export const usage = `usage: podwire-fake-cloud aws --scenario FILE [options]

Serves EC2 and the instance metadata service from memory until SIGTERM or SIGINT. On standard output it says where, in
the variables that AWS clients read.

  --scenario FILE                what stands in the cloud at the start, as JSON
  --listen ADDRESS:PORT          EC2 (default 127.0.0.1:0; port 0 is any that is free)
  --metadata-listen ADDRESS:PORT the metadata service, version 2; default: it is not served
  --instance ID                  whose metadata; default: the only instance of the scenario, else the one whose primary
                                 address asks
  --seed N                       ids and MAC addresses that the scenario leaves open come from it (default 1)
  --help                         this text

Exit codes: 0 after a signal, 2 wrong options, a wrong scenario, or an address that cannot be listened on.
`;

/** @returns the options, or why they are none */
export function parseOptions(argv: readonly string[]): FakeCloudOptions | "help" | { readonly problem: string } {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: optionTypes, allowPositionals: true });
    return values.help ? "help" : optionsFrom(values, positionals);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

const optionTypes = {
  scenario: { type: "string" },
  listen: { type: "string", default: "127.0.0.1:0" },
  "metadata-listen": { type: "string" },
  instance: { type: "string" },
  seed: { type: "string", default: "1" },
  help: { type: "boolean", default: false },
} as const;

interface Values {
  readonly scenario?: string | undefined;
  readonly listen: string;
  readonly "metadata-listen"?: string | undefined;
  readonly instance?: string | undefined;
  readonly seed: string;
}

/** @throws Error that says what is wrong */
function optionsFrom(values: Values, [cloud, ...more]: readonly string[]): FakeCloudOptions {
  if (cloud !== "aws") throw new Error(cloud === undefined ? "no cloud is named" : `unknown cloud ${cloud}`);
  if (more.length > 0) throw new Error(`unexpected ${more.join(" ")}`);
  const { scenario, instance, seed, "metadata-listen": metadata } = values;
  if (scenario === undefined) throw new Error("--scenario is missing");
  if (!/^\d{1,9}$/.test(seed)) throw new Error("--seed takes a whole number of at most 9 digits");
  if (instance !== undefined && metadata === undefined) throw new Error("--instance needs --metadata-listen");
  return {
    cloud,
    scenario,
    listen: listenPlace("--listen", values.listen),
    ...(metadata === undefined ? {} : { metadataListen: listenPlace("--metadata-listen", metadata) }),
    ...(instance === undefined ? {} : { instance }),
    seed: Number(seed),
  };
}

function listenPlace(option: string, text: string): ListenPlace {
  const [, v6, v4, digits = ""] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? v4;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new Error(`${option} takes an address and a port such as 127.0.0.1:4566, not ${JSON.stringify(text)}`);
}
