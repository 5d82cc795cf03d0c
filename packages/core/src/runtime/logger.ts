/** Values of a log event. Addresses, ids and numbers, no sentences. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Logs are events with fields: `log.info("block assigned", {interfaceId, cidr})`. Never throws. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
