import { type Config, isPodwireError, type LogFields, type Logger } from "@podwire/core";
import { type DestinationStream, pino } from "pino";

/** One JSON object a line: `level`, `time`, `event` and the event's fields. */
export function createJsonLogger(level: Config["log"]["level"], destination: DestinationStream): Logger {
  const log = pino(
    {
      level,
      base: null,
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    debug: (event, fields) => log.debug(plain(fields), event),
    info: (event, fields) => log.info(plain(fields), event),
    warn: (event, fields) => log.warn(plain(fields), event),
    error: (event, fields) => log.error(plain(fields), event),
  };
}

/** Errors do not show what they hold to JSON. A field that has the logger's own name gives way to it. */
function plain(fields: LogFields = {}): LogFields {
  const own = new Set(["level", "time", "event"]);
  const entries = Object.entries(fields).map(([name, value]) => [own.has(name) ? `${name}_` : name, plainValue(value)]);
  return Object.fromEntries(entries);
}

function plainValue(value: unknown): unknown {
  if (isPodwireError(value)) {
    const { code, message, op, details, retryAfterMs } = value;
    return { code, message, op, details, retryAfterMs };
  }
  if (value instanceof Error) return { message: value.message, stack: value.stack };
  return typeof value === "bigint" ? String(value) : value;
}
