/** Bounds that only the clients know; those shared with the daemon are in core's `protocol`. */
export const limits = {
  /**
   * With `/podwired.sock` behind it, it fits the 108 bytes of a unix socket's path. As in the daemon's configuration.
   */
  maxRunDirectoryBytes: 64,
  maxAnswerHeadBytes: 16 * 1024,
  /** The result of an ADD carries what earlier plugins of the chain put into standard input. */
  maxAnswerBodyBytes: 8 * 1024 * 1024,
} as const;
