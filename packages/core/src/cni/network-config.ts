import { z } from "zod";
import { PodwireError, quoteValue } from "../errors/podwire-error.ts";
import { describeIssue } from "../errors/schema-issue.ts";
import { decodeJsonObject } from "./json-object.ts";
import { isCniName } from "./names.ts";
import { parsePrevResult } from "./prev-result.ts";
import type { CniDns, CniResult } from "./result.ts";
import { refuseUnsupported } from "./unsupported-fields.ts";
import type { CniVerb, ValidAttachment } from "./verbs.ts";
import { type CniVersion, negotiateVersion } from "./versions.ts";

/** What podwire takes from standard input. Everything else in it is either refused by name or somebody else's. */
export interface NetworkConfig {
  readonly cniVersion: CniVersion;
  readonly name: string;
  /** `dns` of the configuration; fields of `runtimeConfig.dns` go before. */
  readonly dns?: CniDns;
  /** Only read for ADD and CHECK. In the newest version, whatever the configuration's is. */
  readonly prevResult?: CniResult;
  /** Only read for GC. Undefined when the list was absent or null, which is not the same as empty. */
  readonly validAttachments: readonly ValidAttachment[] | undefined;
}

/**
 * Standard input of every verb but DEL and VERSION. In this order: JSON, version, name, then what the verb reads.
 * @throws DECODING_FAILURE standard input, cniVersion or prevResult is malformed
 * @throws INCOMPATIBLE_CNI_VERSION
 * @throws INVALID_NETWORK_CONFIG naming field and value
 * @throws UNSUPPORTED_FIELD naming field and value of what podwire does not do (not for GC, which must go on)
 */
export function parseNetworkConfig(stdin: Uint8Array, verb: Exclude<CniVerb, "DEL" | "VERSION">): NetworkConfig {
  const document: RawNetworkConfig = decodeJsonObject(stdin);
  const cniVersion = negotiateVersion(verb, document.cniVersion);
  const name = parseName(document.name);
  if (verb === "GC") return { cniVersion, name, validAttachments: parseValidAttachments(document) };
  checkField("type", document.type, typeSchema);
  refuseUnsupported(document);
  const dns = parseDns(document);
  const withPrevResult = verb !== "STATUS" && document.prevResult !== undefined && document.prevResult !== null;
  return {
    cniVersion,
    name,
    ...(dns === undefined ? {} : { dns }),
    ...(withPrevResult ? { prevResult: parsePrevResult(document.prevResult, cniVersion) } : {}),
    validAttachments: undefined,
  };
}

/** The network's name for DEL, which goes on without one: undefined when standard input does not tell. */
export function readNetworkName(stdin: Uint8Array): string | undefined {
  try {
    return parseName((decodeJsonObject(stdin) as RawNetworkConfig).name);
  } catch {
    return undefined;
  }
}

interface RawNetworkConfig {
  readonly cniVersion?: unknown;
  readonly name?: unknown;
  readonly type?: unknown;
  readonly dns?: unknown;
  readonly runtimeConfig?: unknown;
  readonly prevResult?: unknown;
  readonly "cni.dev/valid-attachments"?: unknown;
  /** The key libcni 1.2 wrote by mistake (containernetworking/cni issue 1101). */
  readonly "cni.dev/attachments"?: unknown;
}

const strings = z.array(z.string()).nullish();
const typeSchema = z
  .string()
  .regex(/^[^/]+$/, "expected a name without a slash")
  .nullish();
const dnsSchema = z
  .object({ nameservers: strings, domain: z.string().nullish(), search: strings, options: strings })
  .nullish();
const runtimeConfigSchema = z
  .object({ dns: z.object({ servers: strings, searches: strings, options: strings }).nullish() })
  .nullish();
const attachmentsSchema = z.array(z.object({ containerID: z.string().min(1), ifname: z.string().min(1) })).nullish();

function parseName(name: unknown): string {
  if (name === undefined || name === null || name === "") {
    throw new PodwireError("INVALID_NETWORK_CONFIG", "name is missing from the network configuration", {
      field: "name",
    });
  }
  if (typeof name === "string" && isCniName(name)) return name;
  throw new PodwireError("INVALID_NETWORK_CONFIG", `name ${quoteValue(name)} is not a network name`, {
    field: "name",
    value: quoteValue(name),
  });
}

function parseDns(document: RawNetworkConfig): CniDns | undefined {
  const own = checkField("dns", document.dns, dnsSchema);
  const runtime = checkField("runtimeConfig", document.runtimeConfig, runtimeConfigSchema)?.dns;
  const dns = {
    ...present("nameservers", runtime?.servers?.length ? runtime.servers : own?.nameservers),
    ...present("domain", own?.domain),
    ...present("search", runtime?.searches?.length ? runtime.searches : own?.search),
    ...present("options", runtime?.options?.length ? runtime.options : own?.options),
  };
  return Object.keys(dns).length === 0 ? undefined : dns;
}

/** libcni writes null for a list it was not given: that is absent too, so that nothing is collected by mistake. */
function parseValidAttachments(document: RawNetworkConfig): readonly ValidAttachment[] | undefined {
  const field = document["cni.dev/valid-attachments"] == null ? "cni.dev/attachments" : "cni.dev/valid-attachments";
  const list = checkField(field, document[field], attachmentsSchema);
  return list?.map((entry) => ({ containerId: entry.containerID, ifName: entry.ifname }));
}

function checkField<Value>(field: string, value: unknown, schema: z.ZodType<Value>): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = [field, ...(issue?.path ?? [])];
  const problem = describeIssue({ code: "", message: "", ...issue, path }, { [field]: value }, field);
  throw new PodwireError("INVALID_NETWORK_CONFIG", problem.text, problem);
}

function present<Key extends string, Value>(
  key: Key,
  value: Value | null | undefined,
): { readonly [key in Key]?: Value } {
  return value ? ({ [key]: value } as { [key in Key]: Value }) : {};
}
