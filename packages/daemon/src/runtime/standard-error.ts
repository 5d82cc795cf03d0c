import { fstatSync, writeSync } from "node:fs";
import { Socket } from "node:net";

/** Where the log goes; never throws, never blocks. */
export interface LogOutput {
  write(line: string): void;
  /** Resolves when what was written has been taken, or after a moment when nobody takes it. */
  close(): Promise<void>;
}

/** Lines beyond this many waiting bytes are dropped: a log that nobody reads must not cost memory without end. */
const mostWaitingBytes = 1024 * 1024;
const closeTimeoutMs = 1_000;
const standardErrorFd = 2;

/**
 * Standard error. A file or terminal is written at once. A pipe or socket is written without blocking: with the usual
 * synchronous writes a full pipe whose reader has stopped would stop the daemon, and with it every ADD.
 */
export function openStandardError(): LogOutput {
  const kind = fstatSync(standardErrorFd);
  return kind.isFIFO() || kind.isSocket() ? streamOutput() : fileOutput();
}

function fileOutput(): LogOutput {
  return {
    write(line) {
      try {
        writeSync(standardErrorFd, line);
      } catch {
        // The disk is full or the terminal is gone: that must not end the daemon.
      }
    },
    close: async () => {},
  };
}

function streamOutput(): LogOutput {
  const stream = new Socket({ fd: standardErrorFd, readable: false, writable: true });
  stream.unref();
  // Nobody reads our log any more.
  stream.on("error", () => {});
  let dropped = 0;
  return {
    write(line) {
      if (stream.writableLength + line.length > mostWaitingBytes) {
        dropped++;
        return;
      }
      if (dropped > 0)
        stream.write(`${JSON.stringify({ level: "warn", event: "log lines dropped", lines: dropped })}\n`);
      dropped = 0;
      stream.write(line);
    },
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, closeTimeoutMs);
        stream.end(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
