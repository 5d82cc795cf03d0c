import { cniVerbs, errorCodes, newestVersion, supportedVersions } from "@podwire/core/cni";
import { encodeFrame, protocol } from "@podwire/core/rpc";
import { limits } from "./client/limits.ts";

/** The errors that a client makes by itself. */
const clientErrors = [
  "DAEMON_UNREACHABLE",
  "DEADLINE_EXCEEDED",
  "DECODING_FAILURE",
  "INVALID_ENVIRONMENT",
  "IO_FAILURE",
  "NOT_READY",
] as const;

/** `protocol.h`, which gives the client in C every number and text that core decides. */
export function protocolHeader(): string {
  const lines = [...constants(), ...clientErrors.flatMap(errorConstants)];
  return `${lines.map(([name, value]) => `#define ${name} ${cLiteral(value)}`).join("\n")}\n${lists()}`;
}

type Constant = readonly [name: string, value: string | number];

function constants(): Constant[] {
  return [
    ["DEFAULT_RUN_DIR", protocol.defaultRunDirectory],
    ["MAX_RUN_DIR_BYTES", limits.maxRunDirectoryBytes],
    ["SOCKET_NAME", protocol.socketName],
    ["SPOOL_NAME", protocol.spoolName],
    ["CNI_PATH", protocol.cniPath],
    ["FRAME_MEDIA_TYPE", protocol.frameMediaType],
    ["FRAME_MAGIC", frameMagic()],
    ["OK_STATUS", protocol.okStatus],
    ["CNI_ERROR_STATUS", protocol.cniErrorStatus],
    ["DEFAULT_DEADLINE_MS", protocol.defaultDeadlineMs],
    ["MIN_DEADLINE_MS", protocol.minDeadlineMs],
    ["MAX_DEADLINE_MS", protocol.maxDeadlineMs],
    ["DEADLINE_MARGIN_MS", protocol.deadlineMarginMs],
    ["MAX_STDIN_BYTES", protocol.maxStdinBytes],
    ["MAX_FRAME_BYTES", protocol.maxFrameBytes],
    ["MAX_HEAD_BYTES", limits.maxAnswerHeadBytes],
    ["MAX_BODY_BYTES", limits.maxAnswerBodyBytes],
    ["MAX_SPOOL_ENTRY_BYTES", protocol.maxSpoolEntryBytes],
    ["MAX_SPOOL_ENTRIES", protocol.maxSpoolEntries],
    ["NEWEST_VERSION", newestVersion],
    ["SUPPORTED_VERSIONS", JSON.stringify(supportedVersions)],
    ["CNI_VERB_LIST", cniVerbs.join(", ")],
  ];
}

/** The first word of every frame. */
function frameMagic(): string {
  const frame = encodeFrame({ deadlineMs: 0, madeMs: 0, environment: new Map(), stdin: new Uint8Array() });
  return Buffer.from(frame).toString().split(" ", 1).join();
}

function errorConstants(name: (typeof clientErrors)[number]): Constant[] {
  const { cni, remedy } = errorCodes[name];
  return [
    [`${name}_NUMBER`, cni],
    [`${name}_REMEDY`, remedy],
  ];
}

function lists(): string {
  return `#define CNI_VERBS ${cniVerbs.map(cLiteral).join(", ")}\n`;
}

/** JSON's escapes of quotes and backslashes are C's too; everything else in these texts is plain. */
function cLiteral(value: string | number): string {
  return JSON.stringify(value);
}
