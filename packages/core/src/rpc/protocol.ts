/**
 * The agreement between the CNI clients and the daemon: HTTP/1.1 over a unix socket in the run directory.
 *
 * `POST /v1/cni` carries a frame (`frame.ts`). The answer is `200` with what goes to standard output on success (the
 * result of ADD, nothing for the other verbs), or `422` with a CNI error object. Any other status is a failure of the
 * transport: the client makes its own error. Answers carry Content-Length and are never chunked.
 */
export const protocol = {
  /** Overridden by the environment variable PODWIRE_RUN_DIR. */
  defaultRunDirectory: "/run/podwire",
  socketName: "podwired.sock",
  spoolName: "spool",
  cniPath: "/v1/cni",
  statusPath: "/v1/status",
  metricsPath: "/metrics",
  frameMediaType: "application/vnd.podwire.cni",
  okStatus: 200,
  cniErrorStatus: 422,
  /** Overridden by PODWIRE_DEADLINE_MS, within these bounds. The clock runs from the start of the client. */
  defaultDeadlineMs: 30_000,
  minDeadlineMs: 2_000,
  maxDeadlineMs: 300_000,
  /** The daemon answers this long before the deadline, the client gives up this long after it. */
  deadlineMarginMs: 1_000,
  maxStdinBytes: 4 * 1024 * 1024,
  maxFrameBytes: 5 * 1024 * 1024,
  maxSpoolEntryBytes: 64 * 1024,
  maxSpoolEntries: 4096,
} as const;
